import type { RunIdentity } from '../../../model/restore-point.ts';
import { isAbandoned } from '../../../model/rollout-marker.ts';
import type { AppMarker } from './rollout-tags.ts';

/** Who is asking, of whom, and when. */
export interface Claimants {
  readonly markers: readonly AppMarker[];
  /** Absent: this run writes no marker. */
  readonly run: RunIdentity | undefined;
  readonly now: number;
}

/**
 * Pure: the marker of the run that goes on while this one has to give way; null: this one may go on. Every run comes to the
 * same result: who has read its marker back holds the app, of equals who began first.
 */
export function findHolder({ markers, run, now }: Claimants): AppMarker | null {
  const live = markers.filter((marker) => marker.run.id === run?.id || !isAbandoned(marker, now));
  const [first = null] = [...live].sort(compareClaims);
  return first === null || first.run.id === run?.id ? null : first;
}

function compareClaims(one: AppMarker, other: AppMarker): number {
  const rank = ({ phase }: AppMarker): number => (phase === 'rolling-out' ? 0 : 1);
  return rank(one) - rank(other) || one.run.since - other.run.since || (one.run.id < other.run.id ? -1 : 1);
}
