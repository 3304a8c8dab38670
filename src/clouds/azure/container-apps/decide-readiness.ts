import type { Readiness } from '../../../model/readiness.ts';
import { describeHolder, describeRun, isAbandoned } from '../../../model/rollout-marker.ts';
import { findHolder } from './holder.ts';
import type { AppMarker, FoundMarkers } from './rollout-tags.ts';

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
  if (unreadable.some(({ until }) => until !== null && !isAbandoned({ until }, now))) return busy(UNKNOWN);
  const [abandoned] = [...markers].sort((one, other) => one.run.since - other.run.since);
  if (abandoned) return { status: 'abandoned', message: describeAbandoned(abandoned), marker: abandoned };
  // Azure refuses every other change until it ends, so one that can't end by itself can't be replaced either.
  if (changeInProgress !== null) return busy(changeInProgress);
  return newest ? decideBesideNewest(newest) : { status: 'free' };
}

const UNKNOWN = "another version of this action is rolling out; its marker can't be read";

function busy(message: string): Readiness {
  return { status: 'busy', message };
}

function describeAbandoned({ run, mark, until }: AppMarker): string {
  const ended = `${new Date(until).toISOString().slice(0, 19)}Z`;
  return `${describeRun(run)}, left its rollout of ${mark} unfinished: its marker ran out at ${ended}`;
}

/** One that a run of this action waits for has a marker. */
function decideBesideNewest({ name, isOurs, state, trouble, isComingUp }: NewestRevision): Readiness {
  const why = trouble ?? state;
  if (isOurs) return { status: 'stuck', isOurs, message: `${name} is not up (${why}), and no run waits for it` };
  if (trouble !== null) return { status: 'stuck', isOurs, message: `${name} does not start: ${trouble}` };
  return isComingUp ? busy(`revision ${name}, which is not ours, is starting`) : { status: 'free' };
}
