import type { RunIdentity } from '../../../model/restore-point.ts';
import { describeMarker } from './decide-readiness.ts';
import { type FoundMarker, findOwn, isOver } from './rollout-tags.ts';

export interface TurnFacts {
  readonly now: number;
  readonly run: RunIdentity | undefined;
  readonly markers: readonly FoundMarker[];
  /** Our marker was written; it may not be shown yet. */
  readonly isMarked: boolean;
  /** Since our marker was written first. */
  readonly waitedMs: number;
}

export type Turn =
  | { readonly act: 'go' }
  /** Read again: it is settled in seconds whose turn it is. */
  | { readonly act: 'wait'; readonly why: string }
  /** Another run goes first. */
  | { readonly act: 'yield'; readonly why: string };

/** One that gives way removes its marker in this time; one that stays has sent its change. */
const GIVES_WAY_WITHIN_MS = 15_000;
/** AWS shows what is new some seconds late. */
const SHOWN_WITHIN_MS = 10_000;

/**
 * Pure: may this run send its change? ECS has no conditional update. So each run writes its own marker and then reads all of
 * them: of two at once, at least one sees the other. The one that began later gives way; without that rule both would.
 */
export function decideTurn({ now, run, markers, isMarked, waitedMs }: TurnFacts): Turn {
  const own = findOwn(markers, run);
  const others = markers.filter((marker) => marker !== own && !isOver(marker, now));
  const ahead = others.find((other) => !isMarked || !run || !isBehind(other, run));
  if (ahead) return { act: 'yield', why: describeMarker(ahead) };
  const [behind] = others;
  if (behind) {
    const why = describeMarker(behind);
    return waitedMs < GIVES_WAY_WITHIN_MS ? { act: 'wait', why } : { act: 'yield', why };
  }
  // The list of markers may be as old as the last one that is missing in it.
  if (isMarked && !own && waitedMs < SHOWN_WITHIN_MS) return { act: 'wait', why: 'AWS does not show our marker yet' };
  return { act: 'go' };
}

/** The clocks of two runners differ, which matters little: any order will do that both agree on. */
function isBehind({ marker }: FoundMarker, run: RunIdentity): boolean {
  if (!marker) return false;
  const { since, id } = marker.run;
  return since === run.since ? id > run.id : since > run.since;
}
