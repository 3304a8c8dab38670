import type { Clock } from '../io/clock.ts';
import { startPace } from '../io/pace.ts';

const LONGEST_PAUSE_MS = 5_000;
/** While the platform shows that it takes a while yet. */
const LONGEST_QUIET_PAUSE_MS = 10_000;
/** Slower than usual: what is nearly there is there soon, unless the platform watches it for some minutes first. */
const NEAR_GROWTH = 1.1;
/** About when the last one of its kind was done. */
const USUAL_PAUSE_MS = 2_000;
const USUAL_WITHIN = 0.05;
const USUAL_WITHIN_MS = 5_000;
const SHARE_OF_ELAPSED = 1 / 8;
const SHORTEST_PAUSE_MS = 1_000;

/** What a reading shows of the time that is left. */
export interface TimeSigns {
  /**
   * True: it may be decided any moment, as only the end is missing or something has failed. False: the platform shows
   * that much is left. null: it shows neither.
   */
  readonly nearEnd: boolean | null;
  /** How long the last one of its kind took; null: the platform doesn't remember. */
  readonly usualMs: number | null;
}

/**
 * Milliseconds until the next poll, by evidence: a second when the end is near (good or bad), two about when the last one
 * of its kind was done, up to ten while much is left. Where nothing shows, no longer than an eighth of what it took so far,
 * and than five seconds once the usual time is over.
 */
export function paceByEvidence(clock: Clock): (signs: TimeSigns) => number {
  const startedAt = clock.now();
  const nextPause = startPace({ longestMs: LONGEST_QUIET_PAUSE_MS });
  const nextNearPause = startPace({ growth: NEAR_GROWTH });
  return ({ nearEnd, usualMs }) => {
    if (nearEnd) return nextNearPause();
    const elapsedMs = clock.now() - startedAt;
    const untilUsualMs = usualMs === null ? null : timeUntil(usualMs, elapsedMs);
    const limits = [nextPause()];
    if (untilUsualMs === 0) limits.push(USUAL_PAUSE_MS);
    else if (untilUsualMs !== null) limits.push(Math.max(SHORTEST_PAUSE_MS, untilUsualMs));
    else if (nearEnd === null) limits.push(LONGEST_PAUSE_MS);
    if (nearEnd === null) limits.push(Math.max(USUAL_PAUSE_MS, elapsedMs * SHARE_OF_ELAPSED));
    return Math.min(...limits);
  };
}

/** Until the time begins in which such an operation is usually done; 0: it is now; null: it is over. */
function timeUntil(usualMs: number, elapsedMs: number): number | null {
  const withinMs = Math.max(USUAL_WITHIN_MS, usualMs * USUAL_WITHIN);
  if (elapsedMs > usualMs + withinMs) return null;
  return Math.max(0, usualMs - withinMs - elapsedMs);
}
