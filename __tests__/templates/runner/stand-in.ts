import type { Permissions } from './permissions.ts';

/** The job as an action of others can see and change it. */
export interface JobPlace {
  readonly id: string;
  /** null: the job has none. */
  readonly environment: string | null;
  readonly permissions: Permissions;
  readonly workspace: string;
  readonly home: string;
  /** `acme/agent`, and the branch with its commit. */
  readonly repository: string;
  readonly ref: string;
  readonly sha: string;
  /** What earlier steps left for later ones, by name. */
  readonly left: Map<string, string>;
}

export interface StandInCall {
  readonly job: JobPlace;
  /** With the defaults of its metadata; names as there. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

export interface StandInResult {
  readonly outputs?: Readonly<Record<string, string>>;
  /** For the steps after it, as by GITHUB_ENV. */
  readonly env?: Readonly<Record<string, string>>;
  /** In front of the PATH of the steps after it. */
  readonly path?: string;
  readonly masks?: readonly string[];
  /** Runs at the end of the job. */
  readonly post?: () => void;
}

/** An action of others, as far as its inputs, its outputs and its effect on the world go. It fails by throwing. */
export type StandIn = (call: StandInCall) => StandInResult | Promise<StandInResult>;
