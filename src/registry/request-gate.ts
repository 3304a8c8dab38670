import type { Clock } from '../io/clock.ts';
import { MAX_DELAY_MS } from '../io/retry-transient.ts';
import { RegistryError } from './registry-error.ts';

/** The way to one registry, for all requests of this process: as many at once as it bears. */
export interface RequestGate {
  /**
   * Sends when there is a place, and no sooner than a Retry-After of the registry allows.
   * @throws what `send` throws, or the signal's reason
   */
  pass<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** The same for a part of a request that has a place: waiting for a second one could never end. */
  passWithin<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** As many as there are sockets to one host. */
export const MOST_AT_ONCE = 64;

interface Pace {
  /** Places: halved when the registry says "too many", and one more each time that all have been used well. */
  limit: number;
  taken: number;
  successes: number;
  /** How often it was halved. Requests that were sent before the last time say nothing new. */
  halvings: number;
  notBefore: number;
  readonly queue: Set<() => void>;
}

export function openRequestGate(clock: Clock): RequestGate {
  const pace: Pace = { limit: MOST_AT_ONCE, taken: 0, successes: 0, halvings: 0, notBefore: 0, queue: new Set() };
  const passWithin = async <T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let wait = pace.notBefore - clock.now(); wait > 0; wait = pace.notBefore - clock.now()) {
      await clock.sleep(wait, signal);
    }
    return await observe(send, pace, clock);
  };
  return {
    passWithin,
    async pass(send, signal) {
      await takePlace(pace, signal);
      try {
        return await passWithin(send, signal);
      } finally {
        pace.taken -= 1;
        admit(pace);
      }
    },
  };
}

async function takePlace(pace: Pace, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => {
    if (pace.queue.delete(resolve)) reject(signal.reason);
  };
  pace.queue.add(resolve);
  signal.addEventListener('abort', abort, { once: true });
  admit(pace);
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function admit(pace: Pace): void {
  for (const enter of pace.queue) {
    if (pace.taken >= pace.limit) return;
    pace.queue.delete(enter);
    pace.taken += 1;
    enter();
  }
}

async function observe<T>(send: () => Promise<T>, pace: Pace, clock: Clock): Promise<T> {
  const { halvings } = pace;
  try {
    const answer = await send();
    speedUp(pace);
    return answer;
  } catch (error) {
    if (error instanceof RegistryError) slowDown(pace, error, { now: clock.now(), isNews: halvings === pace.halvings });
    throw error;
  }
}

function speedUp(pace: Pace): void {
  pace.successes += 1;
  if (pace.limit >= MOST_AT_ONCE || pace.successes < pace.limit) return;
  pace.limit += 1;
  pace.successes = 0;
  admit(pace);
}

function slowDown(pace: Pace, error: RegistryError, at: { readonly now: number; readonly isNews: boolean }): void {
  const waitMs = Math.min(error.refusal.retryAfterMs ?? 0, MAX_DELAY_MS);
  pace.notBefore = Math.max(pace.notBefore, at.now + waitMs);
  if (error.code !== 'THROTTLED' || !at.isNews) return;
  pace.limit = Math.max(1, Math.floor(Math.min(pace.limit, pace.taken) / 2));
  pace.successes = 0;
  pace.halvings += 1;
}
