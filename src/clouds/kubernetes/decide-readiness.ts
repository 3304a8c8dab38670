import { formatDuration } from '../../model/duration.ts';
import type { Readiness } from '../../model/readiness.ts';
import { busy, readinessByMarker } from '../marker-readiness.ts';
import type { FoundMarker } from './rollout-annotation.ts';

/** What one read of the object found, and one of its pods where a rollout is in progress that no run has marked. */
export interface ReadinessFacts {
  readonly now: number;
  /** null: no run has one. */
  readonly marker: FoundMarker | null;
  /** null: no rollout is in progress. */
  readonly rollout: UnfinishedRollout | null;
}

export interface UnfinishedRollout {
  /** Name of what is rolled out. */
  readonly name: string;
  /** This action made it. */
  readonly isOurs: boolean;
  /** `1 of 3 pods updated, …` */
  readonly progress: string;
  /** Why it can't come up, by its pods or its controller; null: nothing shows. */
  readonly failure: string | null;
  /** The controller has given up waiting. */
  readonly isGivenUp: boolean;
  /** Since it was begun; null: not known. */
  readonly ageMs: number | null;
}

/** Someone may be waiting for it with a time-out of his own, and roll it back. That of the controller is ten minutes. */
const LONGEST_ROLLOUT_MS = 10 * 60_000;

/** Pure: may a rollout start? */
export function decideReadiness({ now, marker, rollout }: ReadinessFacts): Readiness {
  const byMarker = readinessByMarker(marker, now);
  if (byMarker) return byMarker;
  if (!rollout) return { status: 'free' };
  return findStuck(rollout) ?? busy(`another rollout is in progress: ${rollout.name}: ${rollout.progress}`);
}

/** null: it may end by itself. One that a run of this action waits for has a marker. */
function findStuck({ name, isOurs, progress, failure, isGivenUp, ageMs }: UnfinishedRollout): Readiness | null {
  const why = failure ?? progress;
  if (isOurs && (failure !== null || isGivenUp)) {
    return { status: 'stuck', isOurs, message: `${name} does not come up (${why}), and no run waits for it` };
  }
  if (isGivenUp)
    return { status: 'stuck', isOurs, message: `${name} does not come up, and its deadline is over (${why})` };
  if (failure === null || ageMs === null || ageMs < LONGEST_ROLLOUT_MS) return null;
  return { status: 'stuck', isOurs, message: `${name} does not come up after ${formatDuration(ageMs)} (${why})` };
}
