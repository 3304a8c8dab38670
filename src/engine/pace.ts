import type { Clock } from '../io/clock.ts';
import type { Observation, Operation } from '../model/workload.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
/** While the platform's signs say that it takes a while yet. */
const LONGEST_QUIET_PAUSE_MS = 10_000;
const GROWTH = 1.3;
/** Slower, as what is nearly there is there soon, unless the platform watches it for some minutes first. */
const NEAR_GROWTH = 1.1;
/** About when the last one of its kind was done. */
const USUAL_PAUSE_MS = 2_000;
const USUAL_WITHIN = 0.05;
const USUAL_WITHIN_MS = 5_000;
const SHARE_OF_ELAPSED = 1 / 8;

/** Pauses between one look and the next, in milliseconds: a second at first, five later. */
export function startPace(longestMs = LONGEST_PAUSE_MS, growth = GROWTH): () => number {
  let nextMs = FIRST_PAUSE_MS;
  return () => {
    const pauseMs = nextMs;
    nextMs = Math.min(nextMs * growth, longestMs);
    return pauseMs;
  };
}

/**
 * Pauses by evidence: a second when the platform shows that the end is near (good or bad), two about when the last one of its kind was
 * done, up to ten while much is left. Where nothing shows, no longer than an eighth of what it took so far, and than five
 * seconds once the usual time is over.
 */
export function paceOf({ usualMs }: Operation, clock: Clock): (found: Pick<Observation, 'nearEnd'>) => number {
  const startedAt = clock.now();
  const nextPause = startPace(LONGEST_QUIET_PAUSE_MS);
  const nextNearPause = startPace(LONGEST_PAUSE_MS, NEAR_GROWTH);
  return ({ nearEnd }) => {
    if (nearEnd) return nextNearPause();
    const elapsedMs = clock.now() - startedAt;
    const untilUsualMs = usualMs === undefined ? null : timeUntil(usualMs, elapsedMs);
    const limits = [nextPause()];
    if (untilUsualMs === 0) limits.push(USUAL_PAUSE_MS);
    else if (untilUsualMs !== null) limits.push(Math.max(FIRST_PAUSE_MS, untilUsualMs));
    else if (nearEnd === undefined) limits.push(LONGEST_PAUSE_MS);
    if (nearEnd === undefined) limits.push(Math.max(USUAL_PAUSE_MS, elapsedMs * SHARE_OF_ELAPSED));
    return Math.min(...limits);
  };
}

/** Until the time begins in which such an operation is usually done; 0: it is now; null: it is over. */
function timeUntil(usualMs: number, elapsedMs: number): number | null {
  const withinMs = Math.max(USUAL_WITHIN_MS, usualMs * USUAL_WITHIN);
  if (elapsedMs > usualMs + withinMs) return null;
  return Math.max(0, usualMs - withinMs - elapsedMs);
}
