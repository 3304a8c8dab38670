import type { Clock } from '../io/clock.ts';
import type { Observation, Operation } from '../model/workload.ts';

/**
 * Spares calls while something is waited for: a glance is one call, a whole look several. While glances show what the last
 * whole look showed, its judgement holds; not for long, as a glance does not show everything.
 */
export interface WholeLooks {
  /** The last judgement of this operation, if it still holds; null: everything has to be looked at. */
  still(operation: Operation, shown: unknown): Observation | null;
  /** Keeps a judgement with what a glance would have shown, and returns it. */
  note(operation: Operation, shown: unknown, judged: Observation): Observation;
}

// What fails most often fails in the first seconds.
const SHARE_OF_ELAPSED = 1 / 4;
const AT_LEAST_EVERY_MS = 60_000;
const AT_MOST_EVERY_MS = 5_000;

export function openWholeLooks(clock: Clock): WholeLooks {
  let last: {
    readonly operation: Operation;
    readonly since: number;
    readonly at: number;
    readonly shown: string;
    readonly judged: Observation;
  } | null = null;
  return {
    still(operation, shown) {
      if (last?.operation !== operation || last.judged.status !== 'progressing') return null;
      const holdsMs = Math.min(
        AT_LEAST_EVERY_MS,
        Math.max(AT_MOST_EVERY_MS, (last.at - last.since) * SHARE_OF_ELAPSED),
      );
      const isOver = clock.now() - last.at >= holdsMs;
      return isOver || last.shown !== JSON.stringify(shown) ? null : last.judged;
    },
    note(operation, shown, judged) {
      const at = clock.now();
      const since = last?.operation === operation ? last.since : at;
      last = { operation, since, at, shown: JSON.stringify(shown), judged };
      return judged;
    },
  };
}
