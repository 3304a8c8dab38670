import type { Clock } from '../io/clock.ts';
import type { Observation, Watch } from '../model/workload.ts';
import { paceByEvidence, type TimeSigns } from './pace.ts';

/** An observation, and what it shows of the time that is left. */
export interface Reading extends TimeSigns {
  readonly observation: Observation;
}

/** The last time when everything was read. */
export interface FullRead<Polled> {
  readonly polled: Polled;
  readonly reading: Reading;
  /** Milliseconds since then. */
  readonly ageMs: number;
  /** Milliseconds from the first full read to it. */
  readonly sinceFirstMs: number;
}

/** How one operation is read. */
export interface Source<Polled> {
  /** One call, at most; which one may depend on what the last full read showed. */
  poll(last: FullRead<Polled> | null): Promise<Polled>;
  /** As many calls as it takes. */
  readAll(polled: Polled): Promise<Reading>;
  /** What the last full read showed, brought up to date by this poll; null: everything has to be read again. */
  reuse(polled: Polled, last: FullRead<Polled>): Reading | null;
}

// What fails most often fails in the first seconds.
const SHARE_OF_ELAPSED = 1 / 4;
const AT_LEAST_EVERY_MS = 60_000;
const AT_MOST_EVERY_MS = 5_000;

/**
 * Spares calls while something is waited for: a poll is one call, a full read several. While polls show what the last full
 * read showed, its observation holds; not for long, as a poll does not show everything.
 */
export function watchSparsely<Polled>(source: Source<Polled>, clock: Clock): Watch {
  const nextPause = paceByEvidence(clock);
  let last: { readonly polled: Polled; readonly reading: Reading; readonly at: number } | null = null;
  let firstAt: number | null = null;

  async function read(): Promise<Reading> {
    const before = lastRead();
    const polled = await source.poll(before);
    const kept = before?.reading.observation.status === 'progressing' ? source.reuse(polled, before) : null;
    if (kept) return kept;
    const reading = await source.readAll(polled);
    const at = clock.now();
    firstAt ??= at;
    last = { polled, reading, at };
    return reading;
  }

  function lastRead(): FullRead<Polled> | null {
    if (!last) return null;
    const { at, ...rest } = last;
    return { ...rest, ageMs: clock.now() - at, sinceFirstMs: at - firstAt! };
  }

  return {
    async poll() {
      const { observation, ...signs } = await read();
      return observation.status === 'progressing' ? { ...observation, pollAfterMs: nextPause(signs) } : observation;
    },
  };
}

/** For `Source.reuse`: the last reading while a poll shows the same, for a quarter of the time passed, at most a minute. */
export function reuseWhileSame<Polled>(polled: Polled, { reading, ...last }: FullRead<Polled>): Reading | null {
  const holdsMs = Math.min(AT_LEAST_EVERY_MS, Math.max(AT_MOST_EVERY_MS, last.sinceFirstMs * SHARE_OF_ELAPSED));
  if (last.ageMs >= holdsMs) return null;
  return JSON.stringify(polled) === JSON.stringify(last.polled) ? reading : null;
}
