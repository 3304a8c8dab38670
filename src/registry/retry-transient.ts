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

/** Does it again while the failure may pass by itself. The last failure is thrown. */
export async function retryTransient<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      options.signal.throwIfAborted();
      return await attempt();
    } catch (error) {
      if (tried >= options.tries || !mayPass(error)) throw error;
      const asked = error instanceof RegistryError ? error.refusal.retryAfterMs : null;
      const delayMs = asked ?? options.firstDelayMs * 2 ** (tried - 1);
      await options.clock.sleep(Math.min(delayMs, MAX_DELAY_MS), options.signal);
    }
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof RegistryError ? error.retryable : isTransient(error);
}
