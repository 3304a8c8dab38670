import type { Io } from '../io/io.ts';
import type { RunRecord } from '../model/outcome.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import type { Change, Endpoint, Workload } from '../model/workload.ts';
import type { Step } from '../strategies/strategy.ts';
import type { Journal, JournalEntry } from './journal.ts';

/** What to do with what we started, when it goes wrong. */
export type Remedy = 'rollback' | 'keep';

/** Everything that one change of one workload needs; nothing in it changes but the record and the journal. */
export interface Rollout {
  readonly workload: Workload;
  readonly change: Change;
  /** What the strategy does, in order. */
  readonly steps: readonly Step[];
  /** `repository@sha256:…`, for messages and for smoke tests that are commands. */
  readonly image: string;
  readonly smokeTests: readonly SmokeTest[];
  readonly endpoint: Endpoint | null;
  /** Roll out even if everything that we would send is already live. */
  readonly force: boolean;
  readonly onFailure: Remedy;
  readonly onCancel: Remedy;
  /** When the rollout has to be done, in milliseconds since 1970; what the steps bake is not counted. */
  readonly deadline: number;
  readonly rollbackTimeoutMs: number;
  readonly journal: Journal;
  readonly record: RunRecord;
  readonly io: Io;
}

/** What the way back needs of a rollout: the post step has no more than this. */
export interface WayBack extends Pick<Rollout, 'workload' | 'smokeTests' | 'endpoint' | 'journal' | 'record' | 'io'> {
  readonly entry: JournalEntry;
  readonly timeoutMs: number;
}
