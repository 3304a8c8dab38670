import type { Io } from '../io/io.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { RunRecord } from '../model/outcome.ts';
import type { RunIdentity } from '../model/restore-point.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import type { Share } from '../model/traffic.ts';
import type { Unanswered } from '../model/unanswered.ts';
import type { Change, Operation, Workload } from '../model/workload.ts';
import type { Step } from '../strategies/strategy.ts';
import type { Journal, JournalEntry } from './journal.ts';

/** What to do with what we started, when it fails or is cancelled. */
export type OnFailure = 'rollback' | 'keep';

/** Everything that one change of one workload needs; nothing in it changes but the record and the journal. */
export interface Rollout {
  readonly workload: Workload;
  readonly change: Change;
  /** What the strategy does, in order. */
  readonly steps: readonly Step[];
  /** `repository@sha256:…`, for messages and for smoke tests that are commands; null: the change names none. */
  readonly image: string | null;
  readonly smokeTests: readonly SmokeTest[];
  /** Base URL of the live service, where the user names it; null: the platform tells. */
  readonly url: string | null;
  /** Where it answers as far as it was known beforehand; null: it may become known when the service is there. */
  readonly endpoint: Endpoint | null;
  /** Which run this is; absent: no marker is written. */
  readonly run?: RunIdentity;
  /** `unknown`: it may not be read, or its registry does not answer. */
  readonly findImage: (name: string) => Promise<'there' | 'missing' | 'unknown'>;
  /** Deploy even where a rollback could not work. */
  readonly allowNoRollback: boolean;
  /** What to do where nothing of the new revision ran, so that nothing shows whether it works. */
  readonly inconclusive: 'fail' | 'proceed';
  /** Roll out even if everything that we would send is already live. */
  readonly force: boolean;
  readonly onFailure: OnFailure;
  readonly onCancel: OnFailure;
  /** When the rollout has to be done, in milliseconds since 1970; what the steps bake is not counted. */
  readonly deadline: number;
  readonly rollbackTimeoutMs: number;
  readonly journal: Journal;
  readonly record: RunRecord;
  readonly io: Io;
  /** Aborted when the job is cancelled (the reason is a DeployError CANCELLED), or by an exception that no code caught. */
  readonly signal: AbortSignal;
}

/** How far a rollout has come. */
export interface Progress {
  entry: JournalEntry;
  /** The last that was started; null: none yet. */
  operation: Operation | null;
  /** The share of the traffic in force for our revision, as far as the platform told; null: it was not moved yet. */
  share: Share | null;
  /** Until when our marker holds, as far as we know, in milliseconds since 1970; null: it was not written yet. */
  markedUntil: number | null;
  /** A request of ours that got no answer may take effect later than the next ones. */
  readonly unanswered: Unanswered;
  /** When the present step has to be done, in milliseconds since 1970. What a bake takes is added to it. */
  deadline: number;
}

/** What a rollback needs: the post step has no more than this. No signal, as a rollback is never given up. */
export interface RollbackRequest
  extends Pick<Rollout, 'workload' | 'smokeTests' | 'endpoint' | 'journal' | 'record' | 'io'> {
  readonly entry: JournalEntry;
  readonly timeoutMs: number;
  /** Of the rollout; absent: not known, as in another process. */
  readonly unanswered?: Unanswered;
}
