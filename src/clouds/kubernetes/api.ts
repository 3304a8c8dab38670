import type { Endpoint } from '../../model/endpoint.ts';
import { DeployError, type DeployErrorOptions, type ErrorCode } from '../../model/errors.ts';
import type { JsonObject } from '../../model/json.ts';

/** Parameters of a query; absent ones are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** How the body of a request is meant; `json`: a whole object, with POST, PUT or DELETE. */
export type BodyKind = 'json' | 'strategic-merge-patch' | 'merge-patch' | 'json-patch' | 'apply-patch';

export interface ApiChange {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/apis/apps/v1/namespaces/shop/deployments/web`; its parts are encoded already. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly kind?: BodyKind;
}

export interface ApiAnswer {
  readonly object: JsonObject;
  /** Texts of the `Warning` headers. Foreign. */
  readonly warnings: readonly string[];
}

/**
 * The API server of one cluster. It renews its login by itself, also once after a 401.
 * Reads are retried as all reads are, and end with the run's signal. A change is sent exactly once, and takes no signal.
 * Errors: DeployError; ApiRefusal where the API server answered.
 */
export interface KubernetesApi {
  /** For people: `cluster shop (eu-west-1)`, `https://10.0.0.1:6443`. */
  readonly cluster: string;
  /** The namespace that the context of a kubeconfig names. */
  readonly defaultNamespace: string;
  read(path: string, query?: Query): Promise<JsonObject>;
  /** null: it isn't there. */
  find(path: string, query?: Query): Promise<JsonObject | null>;
  /** The items of all pages, in the server's order. */
  list(path: string, query?: Query): Promise<readonly JsonObject[]>;
  /** Text as it is: a container's log. Cut at the front beyond 256 kB. */
  text(path: string, query?: Query): Promise<string>;
  change(change: ApiChange): Promise<ApiAnswer>;
  /** What the API server's proxy leads to, below this path: `/api/v1/namespaces/shop/pods/web-1:8080/proxy`. */
  endpoint(path: string): Promise<Endpoint>;
  /** The same, with reads that end with another signal: a rollback goes on when the run is cancelled. */
  withSignal(signal: AbortSignal): KubernetesApi;
}

/** The API server answered, and refused. */
export class ApiRefusal extends DeployError {
  readonly status: number;
  /** `Conflict`, `Invalid`, `AlreadyExists`, …; '': the answer was no Status. */
  readonly reason: string;
  /** `{ reason: 'FieldManagerConflict', field: '.spec…', message: '…' }`; values that were sent are taken out. */
  readonly causes: readonly JsonObject[];

  constructor(
    code: ErrorCode,
    message: string,
    answer: { readonly status: number; readonly reason: string; readonly causes: readonly JsonObject[] },
    options: DeployErrorOptions = {},
  ) {
    super(code, message, options);
    this.status = answer.status;
    this.reason = answer.reason;
    this.causes = answer.causes;
  }
}
