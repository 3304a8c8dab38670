import type { Readiness } from '../model/readiness.ts';
import { describeAbandoned, describeHolder, isAbandoned, type RolloutMarker } from '../model/rollout-marker.ts';
import { isReadable, type UnreadableMarker } from './marker-annotation.ts';

/** Pure: may a rollout start, by the marker alone? null: it is in no one's way. */
export function readinessByMarker(marker: RolloutMarker | UnreadableMarker | null, now: number): Readiness | null {
  if (!marker) return null;
  if (!isReadable(marker)) {
    const isOver = marker.until === null || isAbandoned({ until: marker.until }, now);
    return isOver ? null : busy(HELD_BY_ANOTHER_VERSION);
  }
  if (!isAbandoned(marker, now)) return busy(describeHolder(marker));
  return { status: 'abandoned', message: describeAbandoned(marker), marker };
}

export const HELD_BY_ANOTHER_VERSION = 'another version of this action is rolling out; its marker can’t be read';

export function busy(message: string): Readiness {
  return { status: 'busy', message };
}
