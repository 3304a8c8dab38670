import type { Readiness } from '../../../model/readiness.ts';
import { describeAbandoned, describeHolder, isAbandoned } from '../../../model/rollout-marker.ts';
import { busy, HELD_BY_ANOTHER_VERSION } from '../../marker-readiness.ts';
import { findHolder } from './holder.ts';
import type { FoundMarkers } from './rollout-tags.ts';

/** What one read of the app found, and one of its newest revision. */
export interface ReadinessFacts extends FoundMarkers {
  readonly now: number;
  /** By whom; null: none is in progress. */
  readonly changeInProgress: string | null;
  /** Where it is not up, although traffic goes to it by itself as soon as it is; null: nothing is waited for. */
  readonly newest: NewestRevision | null;
}

export interface NewestRevision {
  readonly name: string;
  /** This action made it. */
  readonly isOurs: boolean;
  /** For people. */
  readonly state: string;
  /** Why it does not start; null: nothing shows that. */
  readonly trouble: string | null;
  /** It was made a moment ago. */
  readonly isComingUp: boolean;
}

/** Pure: may a rollout start? */
export function decideReadiness(facts: ReadinessFacts): Readiness {
  const { now, markers, unreadable, changeInProgress, newest } = facts;
  const holder = findHolder({ markers, run: undefined, now });
  if (holder) return busy(describeHolder(holder));
  if (unreadable.some(({ until }) => until !== null && !isAbandoned({ until }, now)))
    return busy(HELD_BY_ANOTHER_VERSION);
  const [abandoned] = [...markers].sort((one, other) => one.run.since - other.run.since);
  if (abandoned) return { status: 'abandoned', message: describeAbandoned(abandoned), marker: abandoned };
  // Azure refuses every other change until it ends, so one that can't end by itself can't be replaced either.
  if (changeInProgress !== null) return busy(changeInProgress);
  return newest ? decideBesideNewest(newest) : { status: 'free' };
}

/** One that a run of this action waits for has a marker. */
function decideBesideNewest({ name, isOurs, state, trouble, isComingUp }: NewestRevision): Readiness {
  const why = trouble ?? state;
  if (isOurs) return { status: 'stuck', isOurs, message: `${name} is not up (${why}), and no run waits for it` };
  if (trouble !== null) return { status: 'stuck', isOurs, message: `${name} does not start: ${trouble}` };
  return isComingUp ? busy(`revision ${name}, which is not ours, is starting`) : { status: 'free' };
}
