import { setTimeout as sleep } from 'node:timers/promises';

/** Time, passed in. Every deadline is a number that is compared with `now()`, never a pending timer. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects with `signal.reason` as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await sleep(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      // Node's own AbortError says "The operation was aborted"; the reason says why.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
