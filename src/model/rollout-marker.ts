import type { ChangeMark, RestorePoint, RunIdentity } from './restore-point.ts';

/**
 * What a run leaves in the workload itself while its rollout is under way, so that every other run sees it, also when its
 * runner is gone. References only.
 */
export interface RolloutMarker {
  readonly run: RunIdentity;
  /** In milliseconds since 1970. It is renewed while the run is there. */
  readonly until: number;
  readonly mark: ChangeMark;
  readonly point: RestorePoint;
  /** Name of the revision that is rolled out, as soon as it is known; absent: the mark is it, or names it. */
  readonly made?: string | undefined;
}

/** How long a marker holds without being renewed: the time that a lost runner makes others wait. */
export const MARKER_HOLDS_MS = 300_000;
/** Clocks of two runners differ. */
const CLOCK_TOLERANCE_MS = 30_000;

/** Is the run that wrote it gone? */
export function isAbandoned({ until }: Pick<RolloutMarker, 'until'>, nowMs: number): boolean {
  return nowMs > until + CLOCK_TOLERANCE_MS;
}

/** `acme/agent, run 4711, attempt 1, since 2026-11-28T11:20:01Z`. */
export function describeRun({ name, since }: RunIdentity): string {
  return `${name}, since ${formatTime(since)}`;
}

/** What a run that waits is told of the one that it waits for. */
export function describeHolder({ run, until, mark, made = mark }: RolloutMarker): string {
  return `${describeRun(run)}, is rolling out ${made} (its marker holds until ${formatTime(until)})`;
}

/** What a run is told that finds a marker past its time. */
export function describeAbandoned({ run, until, mark, made = mark }: Omit<RolloutMarker, 'point'>): string {
  return `${describeRun(run)}, left its rollout of ${made} unfinished: its marker ran out at ${formatTime(until)}`;
}

function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
