import type { Clock } from '../io/clock.ts';
import { isTransient } from '../model/errors.ts';
import { RegistryError } from './registry-error.ts';

export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** All in all, the first one included. */
  readonly tries: number;
  /** Before the second try; doubled for each that follows. A registry's Retry-After goes before it. */
  readonly firstDelayMs: number;
}

const MAX_DELAY_MS = 60_000;
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
      if (tried >= options.tries) throw options.tries > 1 ? giveUp(error) : error;
      const asked = error instanceof RegistryError ? error.refusal.retryAfterMs : null;
      const delayMs = asked ?? options.firstDelayMs * 2 ** (tried - 1);
      await options.clock.sleep(Math.min(delayMs, MAX_DELAY_MS), options.signal);
    }
  }
}

function mayPass(error: unknown): error is object {
  if (typeof error !== 'object' || error === null || givenUp.has(error)) return false;
  return error instanceof RegistryError ? error.retryable : isTransient(error);
}

function giveUp(error: object): object {
  givenUp.add(error);
  return error;
}
