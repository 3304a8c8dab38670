import type { Clock } from '../io/clock.ts';
import { isTransient } from '../model/errors.ts';
import { RegistryError } from './registry-error.ts';

export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** All in all, the first one included. Who is only asked to come later gets more, if this is more than one. */
  readonly tries: number;
  /** Before the second try, less some chance; doubled for each that follows. A registry's Retry-After goes before it. */
  readonly firstDelayMs: number;
  /** True: something was gained since it was last asked, so the tries are counted anew. */
  readonly hasProgressed?: () => boolean;
}

export const MAX_DELAY_MS = 60_000;
// Some limits are per minute, and not every registry says when to come back.
const THROTTLED_TRIES = 9;
/** Failures of which some loop has had enough: a loop around it does not multiply the tries. */
const givenUp = new WeakSet<object>();

/** Does it again while the failure may pass by itself. The last failure is thrown. */
export async function retryTransient<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      options.signal.throwIfAborted();
      return await attempt();
    } catch (error) {
      if (!mayPass(error)) throw error;
      if (options.hasProgressed?.()) tried = 1;
      if (tried >= triesFor(error, options)) throw options.tries > 1 ? giveUp(error) : error;
      const delayMs = askedDelay(error) ?? spread(options.firstDelayMs * 2 ** (tried - 1));
      await options.clock.sleep(Math.min(delayMs, MAX_DELAY_MS), options.signal);
    }
  }
}

function mayPass(error: unknown): error is object {
  if (typeof error !== 'object' || error === null || givenUp.has(error)) return false;
  return error instanceof RegistryError ? error.retryable : isTransient(error);
}

function triesFor(error: object, { tries }: RetryOptions): number {
  return tries > 1 && error instanceof RegistryError && error.code === 'THROTTLED' ? THROTTLED_TRIES : tries;
}

function giveUp(error: object): object {
  givenUp.add(error);
  return error;
}

function askedDelay(error: object): number | null {
  return error instanceof RegistryError ? error.refusal.retryAfterMs : null;
}

/** What broke together must not come back together. */
function spread(delayMs: number): number {
  return Math.round(delayMs * (0.5 + Math.random() / 2));
}
