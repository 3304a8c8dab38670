import type { Diagnosis } from './diagnosis.ts';
import type { Failure } from './errors.ts';
import type { SizeChange } from './instance-size.ts';
import type { VerifiedImage } from './requirement.ts';
import type { ServiceLogs } from './service-logs.ts';
import type { SmokeTestResult } from './smoke-test.ts';

/** How a run ended. A closed list. Green are only `deployed`, `previewed`, `unchanged` and `planned`. */
export const OUTCOME_KINDS = [
  'deployed',
  /** `traffic: 0`: our revision is up, healthy and smoke-tested, and gets no traffic, as requested. */
  'previewed',
  /** Everything that we would send is already live and healthy. */
  'unchanged',
  /** `mode: plan`: what a deploy would do was reported, and nothing was changed. */
  'planned',
  /** No workload was touched. */
  'refused',
  /** The previous revision is restored, and that was verified. */
  'rolled-back',
  /** There is a newer deployment by someone else; it was not touched. */
  'superseded',
  /** Failed, and the user asked to keep it. */
  'kept',
  /** The rollback was requested and accepted, but not seen to finish in time. */
  'rollback-unconfirmed',
  /** Needs manual action now. */
  'rollback-failed',
] as const;

export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

export interface Outcome {
  readonly kind: OutcomeKind;
  /** What serves now, as far as we know; null: we do not. */
  readonly revision: string | null;
  readonly previousRevision: string | null;
  /** Why it is not green; null when it is. */
  readonly failure: Failure | null;
  readonly diagnosis: Diagnosis | null;
  /** Why a rollback that was tried is not done, or not known to be; null: there was none, or it is done. */
  readonly rollback: UnfinishedRollback | null;
  /** More that a person should know: an unused revision that stays registered, who rolled back, … */
  readonly notes: readonly string[];
}

/** `command`: what a person runs to check or repair it. */
export interface UnfinishedRollback {
  readonly failure: Failure;
  readonly command: string;
}

/** What is not given is not known, or not there. */
export function endAs(kind: OutcomeKind, facts: Partial<Omit<Outcome, 'kind'>> = {}): Outcome {
  return {
    revision: null,
    previousRevision: null,
    failure: null,
    diagnosis: null,
    rollback: null,
    notes: [],
    ...facts,
    kind,
  };
}

const GREEN: readonly OutcomeKind[] = ['deployed', 'previewed', 'unchanged', 'planned'];

export function isGreen(outcome: Outcome): boolean {
  return GREEN.includes(outcome.kind);
}

export interface CopyStatistics {
  readonly source: string;
  readonly destination: string;
  /** Only these were copied, so the digest is not the source's; null: all. */
  readonly platforms: readonly string[] | null;
  readonly copiedBlobs: number;
  readonly copiedBytes: number;
  /** Shared by the registry from another repository, without a transfer. */
  readonly mountedBlobs: number;
  readonly mountedBytes: number;
  /** The registry fetched it itself: nothing of it went through the runner. */
  readonly isImported?: boolean;
  /** Already present. */
  readonly skippedBlobs: number;
  readonly skippedBytes: number;
  /** Signatures, SBOMs and provenance that refer to the image; null: they were not requested. */
  readonly referrers: { readonly copied: number; readonly present: number } | null;
  readonly durationMs: number;
}

/** What copying an image would do. */
export interface CopyForecast {
  /** `repository@sha256:…` */
  readonly source: string;
  readonly destination: string;
  /** Only these would be copied, so the digest is not the source's; null: all. */
  readonly platforms: readonly string[] | null;
  /** Those that would name it; `now` null: the destination does not have it. None: only a digest would be pushed. */
  readonly tags: readonly { readonly name: string; readonly now: string | null }[];
  /** The destination has this digest already. */
  readonly isThere: boolean;
  readonly missingBlobs: number;
  readonly missingBytes: number;
  readonly presentBlobs: number;
  /** What refers to the image; `missing`: at the destination. null: it would not be copied. */
  readonly referrers: { readonly missing: number; readonly present: number } | null;
}

/** What a deploy would do now. Names only, never a value. */
export interface Forecast {
  /** True: everything that would be sent is already live and healthy. */
  readonly unchanged: boolean;
  /** One line for each difference from what is live. */
  readonly differences: readonly string[];
  /** Of one instance; null: not known. */
  readonly size: SizeChange | null;
  /** What the user probably did not mean, one line each. */
  readonly warnings: readonly string[];
  readonly copies: readonly CopyForecast[];
  /** What a rollback would restore: `agent:41`; null: there is nothing yet. */
  readonly restores: string | null;
  /** What a deploy would have to wait for, restore or replace first, in sentences; null: nothing. */
  readonly inTheWay: string | null;
  /** What would be done, in order: `Bring up … with no traffic.`, `Shift traffic to it: 5%.` */
  readonly steps: readonly string[];
  /** Names of the smoke tests that would run. */
  readonly smokeTests: readonly string[];
}

/** One move of traffic: what was asked for, and what was in force then, in percent. `why`: where the two differ. */
export interface TrafficMove {
  readonly at: number;
  readonly asked: number;
  readonly inForce: number;
  readonly why: string | null;
}

/** Checks of our revision at one share of the traffic. */
export interface Analysis {
  /** `25%`, or what was asked for and what is in force. */
  readonly share: string;
  readonly startedAt: number;
  /** Each round has run every check. */
  passedRounds: number;
  /** Rounds without an answer, which count as no pass. */
  roundsWithoutData: number;
  /** null: not over yet. True: it passed. */
  passed: boolean | null;
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
  /** Where our revision answers before it gets traffic; null: nowhere, or it gets it at once. */
  previewUrl: string | null;
  consoleUrl: string | null;
  /** null: the service was not found. */
  logs: ServiceLogs | null;
  /** What the platform calls our change; null: nothing was sent. */
  deployment: string | null;
  /** Why its images were accepted; empty: nothing had to be verified. */
  verified: readonly VerifiedImage[];
  copies: CopyStatistics[];
  phases: Phase[];
  traffic: TrafficMove[];
  analyses: Analysis[];
  /** What the change is beside what was live, one line each. Names and images, never a value. */
  differences: readonly string[];
  /** Of one instance; null: not known. */
  size: SizeChange | null;
  /** The command that restores what was live before; null: nothing was, or it is not live any more. */
  restoreCommand: string | null;
  /** Of `mode: plan`. */
  forecast: Forecast | null;
  /** What another run had left and this one restored first, in sentences: said however this run ends. */
  restored: string[];
  /** Of the last round of smoke tests against our revision; null: none configured, so none ran. */
  smokeTests: SmokeTestResult[] | null;
  /** Of a rollback, against the previous revision; null: none configured, or there was no rollback. */
  restoredTests: SmokeTestResult[] | null;
  /** Each warning and notice of the log until the run was reported. */
  warnings: readonly string[];
}

export function emptyRecord(startedAt: number): RunRecord {
  return {
    startedAt,
    finishedAt: null,
    resource: null,
    image: null,
    digest: null,
    url: null,
    previewUrl: null,
    consoleUrl: null,
    logs: null,
    deployment: null,
    verified: [],
    copies: [],
    phases: [],
    traffic: [],
    analyses: [],
    differences: [],
    size: null,
    restoreCommand: null,
    forecast: null,
    restored: [],
    smokeTests: null,
    restoredTests: null,
    warnings: [],
  };
}
