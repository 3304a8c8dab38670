import type { Clock } from '../io/clock.ts';
import type { Observation, Watch } from '../model/workload.ts';
import { paceByEvidence, type TimeSigns } from './pace.ts';

/** An observation, and what it shows of the time that is left. A source may add what its next poll needs. */
export interface Reading extends TimeSigns {
  readonly observation: Observation;
}

/** The last time when everything was read, while the operation goes on. */
export interface FullRead<Polled, Read extends Reading = Reading> {
  readonly polled: Polled;
  /** As the polls since then brought it up to date. */
  readonly reading: Read;
  /** Milliseconds since then. */
  readonly ageMs: number;
  /** Milliseconds from the first full read to it. */
  readonly sinceFirstMs: number;
}

/** How one operation is read. `Polled`: what a poll showed; a full read need not read that again. */
export interface Source<Polled, Read extends Reading = Reading> {
  /** One call; none where a full read is due anyway. Which one may depend on what was read last; null: nothing was. */
  poll(last: FullRead<Polled, Read> | null): Promise<Polled>;
  /** As many calls as it takes. */
  readAll(polled: Polled): Promise<Read>;
  /** What was read last, brought up to date by this poll; null: everything has to be read again. */
  reuse(polled: Polled, last: FullRead<Polled, Read>): Read | null;
}

// What fails most often fails in the first seconds.
const SHARE_OF_ELAPSED = 1 / 4;
const AT_LEAST_EVERY_MS = 60_000;
const AT_MOST_EVERY_MS = 5_000;

/**
 * Spares calls while something is waited for: a poll is one call, a full read several. While polls show what the last full
 * read showed, its observation holds; not for long, as a poll does not show everything.
 */
export function watchSparsely<Polled, Read extends Reading>(source: Source<Polled, Read>, clock: Clock): Watch {
  const nextPause = paceByEvidence(clock);
  let last: { readonly polled: Polled; readonly reading: Read; readonly at: number } | null = null;
  let firstAt: number | null = null;

  async function read(): Promise<Reading> {
    const previous = lastRead();
    const polled = await source.poll(previous);
    const reused = previous && source.reuse(polled, previous);
    if (last && reused) last = { ...last, reading: reused };
    else last = await readAll(polled);
    return last.reading;
  }

  async function readAll(polled: Polled) {
    const reading = await source.readAll(polled);
    const at = clock.now();
    firstAt ??= at;
    return { polled, reading, at };
  }

  /** One that has ended is read again. */
  function lastRead(): FullRead<Polled, Read> | null {
    if (last?.reading.observation.status !== 'progressing') return null;
    const { at, ...rest } = last;
    return { ...rest, ageMs: clock.now() - at, sinceFirstMs: at - (firstAt ?? at) };
  }

  return {
    async poll() {
      const { observation, nearEnd, usualMs } = await read();
      if (observation.status !== 'progressing') return observation;
      return { ...observation, pollAfterMs: nextPause({ nearEnd, usualMs }) };
    },
  };
}

/** For `Source.reuse`: the last reading while a poll shows the same, for a quarter of the time passed, at most a minute. */
export function reuseWhileSame<Polled, Read extends Reading>(
  polled: Polled,
  { reading, ...last }: FullRead<Polled, Read>,
): Read | null {
  const holdsMs = Math.min(AT_LEAST_EVERY_MS, Math.max(AT_MOST_EVERY_MS, last.sinceFirstMs * SHARE_OF_ELAPSED));
  if (last.ageMs >= holdsMs) return null;
  return JSON.stringify(polled) === JSON.stringify(last.polled) ? reading : null;
}
