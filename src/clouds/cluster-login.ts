import type { ConnectionOptions } from '../model/endpoint.ts';
import type { InputReader } from '../model/input-reader.ts';
import type { CloudContext } from './target.ts';

/** How to reach one cluster's API server, and as whom. */
export interface ClusterAccess {
  /** For people: `cluster shop (eu-west-1)`. */
  readonly cluster: string;
  /** May have a path, which comes before that of the API. */
  readonly server: URL;
  /** The namespace that a kubeconfig's context names; null: none. */
  readonly namespace: string | null;
  /**
   * For the next request. `refused`: the server answered 401 to these, so they are not given out again; null: to none.
   * May be called many times at once.
   */
  credentials(refused: ClusterCredentials | null): Promise<ClusterCredentials>;
  /** What to do where the server refuses: the next step, in the imperative. Absent: nothing special to this login. */
  readonly hints?: {
    /** 401, with fresh credentials: the server knows no one by them. */
    readonly unauthorized: string;
    /** 403: it knows who it is, and a permission is missing. */
    readonly forbidden: string;
  };
}

export interface ClusterCredentials {
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connection: ConnectionOptions;
}

/** A cloud's managed clusters, by the cloud's own login. Light, as `Target`. */
export interface ClusterLogin {
  /** The inputs that only it reads. The first names the cluster: where it is set, this login is used. */
  readonly inputs: readonly [string, ...string[]];
  /** Reads and checks its inputs; nothing is sent. */
  parse(reader: InputReader): OpenCluster;
}

/** @throws DeployError NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, UNSUPPORTED, NETWORK */
export type OpenCluster = (context: CloudContext) => Promise<ClusterAccess>;
