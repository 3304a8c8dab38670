import type { JsonObject } from './json.ts';

/** How our change is recognized in the cloud by any process: unique, and known before the call that makes it live. */
export type ChangeMark = string;

/** One use of the action in one job. No secret: it is written into the workload, where colleagues and other runs read it. */
export interface RunIdentity {
  /** Unique. */
  readonly id: string;
  /** For people: `acme/agent, run 4711, attempt 1`. */
  readonly name: string;
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
}

/** How to restore one workload: plain JSON, because it must outlive this process in the journal. References only. */
export interface RestorePoint {
  readonly resource: string;
  /** Short name of what serves now: `agent:41`; null: there is no revision yet, and restoring is deleting what we made. */
  readonly revision: string | null;
  /** The target's own; checked by a schema of the target when it is read. */
  readonly data: JsonObject;
  /** Which run captured it: the target's marker names it. Absent: no marker is written. */
  readonly run?: RunIdentity | undefined;
}

/** What a rollback to a restore point would need, as far as reading tells. */
export interface RollbackTarget {
  /** Images that would be pulled, as its containers name them: `repository@sha256:…`, or with a tag. */
  readonly images: readonly string[];
  /** What the platform itself shows to be missing. `hint`: what to change, in the imperative. */
  readonly obstacles: readonly { readonly message: string; readonly hint: string }[];
}

/** What one poll of a restoration found. */
export type Restoration =
  /** `requested`: the platform has taken the request and goes on without us. */
  | { readonly status: 'progressing'; readonly requested: boolean; readonly reason: string; readonly message: string }
  /** `revision`: what serves now, where it isn't the revision that served before but one with its content. */
  | {
      readonly status: 'restored';
      readonly by: 'us' | 'platform';
      readonly message: string;
      readonly revision?: string;
    }
  /** Our change never went live; there was nothing to restore. */
  | { readonly status: 'untouched'; readonly message: string }
  /** There is a newer deployment by someone else; it was not touched. `message` also says what had to stay, and what undoes it. */
  | { readonly status: 'superseded'; readonly message: string }
  | { readonly status: 'failed'; readonly message: string };
