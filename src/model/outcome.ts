import type { Failure } from './errors.ts';
import type { SmokeTestResult } from './smoke-test.ts';
import type { Diagnosis } from './workload.ts';

/** How a run ended. Green are only `deployed` and `unchanged`. */
export type OutcomeKind =
  | 'deployed'
  /** Everything that we would send is already live and healthy. */
  | 'unchanged'
  /** No workload was touched. */
  | 'refused'
  /** What ran before runs again, and was seen to. */
  | 'rolled-back'
  /** Somebody deployed after us; theirs is left alone. */
  | 'superseded'
  /** Failed, and the user asked to keep it. */
  | 'kept'
  /** The way back was asked for and accepted, but not seen to finish in time. */
  | 'rollback-unconfirmed'
  /** The one that pages a person. */
  | 'rollback-failed';

export interface Outcome {
  readonly kind: OutcomeKind;
  /** What serves now, as far as we know; null: we do not. */
  readonly revision: string | null;
  readonly previousRevision: string | null;
  /** Why it is not green; null when it is. */
  readonly failure: Failure | null;
  readonly diagnosis: Diagnosis | null;
  /** More that a person should know: an unused revision that stays registered, who rolled back, … */
  readonly notes: readonly string[];
}

export function isGreen(outcome: Outcome): boolean {
  return outcome.kind === 'deployed' || outcome.kind === 'unchanged';
}

export interface CopyStatistics {
  readonly source: string;
  readonly destination: string;
  readonly copiedBlobs: number;
  readonly copiedBytes: number;
  readonly mountedBlobs: number;
  readonly skippedBlobs: number;
  readonly durationMs: number;
}

export interface Phase {
  readonly name: string;
  readonly startedAt: number;
  readonly durationMs: number;
}

/** Everything a report may show. Filled while the run goes on; reports read it and decide nothing. */
export interface RunRecord {
  readonly startedAt: number;
  finishedAt: number | null;
  resource: string | null;
  image: string | null;
  digest: string | null;
  url: string | null;
  consoleUrl: string | null;
  copies: CopyStatistics[];
  phases: Phase[];
  /** Of the last round of smoke tests against our revision; null: none configured, so none ran. */
  smokeTests: SmokeTestResult[] | null;
}

export function emptyRecord(startedAt: number): RunRecord {
  return {
    startedAt,
    finishedAt: null,
    resource: null,
    image: null,
    digest: null,
    url: null,
    consoleUrl: null,
    copies: [],
    phases: [],
    smokeTests: null,
  };
}
