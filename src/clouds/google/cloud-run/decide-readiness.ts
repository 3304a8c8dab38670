import { formatDuration } from '../../../model/duration.ts';
import type { Readiness } from '../../../model/readiness.ts';
import { busy, readinessByMarker } from '../../marker-readiness.ts';
import type { FoundMarker } from './rollout-annotation.ts';

/** What one read of the service found, and one of its newest revision where that tells more. */
export interface ReadinessFacts {
  readonly now: number;
  /** null: no run has one. */
  readonly marker: FoundMarker | null;
  readonly reconciling: boolean;
  /** What the platform says of it; '': nothing. */
  readonly message: string;
  /** While the service is reconciling; null: it does not exist yet, or is not known. */
  readonly newest: NewestRevision | null;
}

export interface NewestRevision {
  readonly name: string;
  /** This action made it. */
  readonly isOurs: boolean;
  readonly isReady: boolean;
  /** Why it isn't; '': the platform does not say. */
  readonly why: string;
  /** Since it was made; null: the platform does not say. */
  readonly ageMs: number | null;
}

/**
 * A startup probe may take 240 seconds at most (https://cloud.google.com/run/docs/configuring/healthchecks), and pulling the
 * image some more. Cloud Run itself gives up much later.
 */
const LONGEST_START_MS = 6 * 60_000;

/** Pure: may a rollout start? */
export function decideReadiness({ now, marker, reconciling, message, newest }: ReadinessFacts): Readiness {
  const byMarker = readinessByMarker(marker, now);
  if (byMarker) return byMarker;
  if (!reconciling) return { status: 'free' };
  return findStuck(newest) ?? busy(`another deployment is in progress${message === '' ? '' : `: ${message}`}`);
}

/** null: it may end by itself. One that a run of this action waits for has a marker. */
function findStuck(newest: NewestRevision | null): Readiness | null {
  if (!newest || newest.isReady) return null;
  const { name, isOurs, why, ageMs } = newest;
  const reason = why === '' ? '' : ` (${why})`;
  if (isOurs) return { status: 'stuck', isOurs, message: `${name} is not ready${reason}, and no run waits for it` };
  if (ageMs === null || ageMs < LONGEST_START_MS) return null;
  return { status: 'stuck', isOurs, message: `${name} is not ready after ${formatDuration(ageMs)}${reason}` };
}
