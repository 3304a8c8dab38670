import { isTransient } from '../model/errors.ts';
import type { Clock } from './clock.ts';

export interface RetryPolicy {
  /** All in all, the first one included. */
  readonly tries: number;
  /** Where the answer was "too many requests" and `tries` is more than one: some limits are per minute. */
  readonly throttledTries?: number;
  /** Before the second try. */
  readonly firstDelayMs: number;
  /** What the pause is multiplied by after each try; 2 unless it is given. */
  readonly growth?: number;
  /** True: up to half of each pause is left out by chance, as what broke together must not come back together. */
  readonly isSpread?: boolean;
  /** Which failures may pass by themselves; `isTransient` unless it is given. */
  readonly mayPass?: (error: object) => boolean;
  /** The server's Retry-After, used instead of the policy's own pause; null or 0: it names no time. */
  readonly retryAfterMs?: (error: object) => number | null;
  /** A server that takes no request before a time after it is not waited for; milliseconds since 1970. */
  readonly deadline?: number;
  /** True: something was gained since it was last asked, so the tries are counted from the first again. */
  readonly hasProgressed?: () => boolean;
}

/** No pause is longer, whatever a server asks for. */
export const MAX_DELAY_MS = 60_000;
/** Without a deadline, a server that asks for more is not waited for. */
const LONGEST_RETRY_AFTER_MS = 300_000;
/** Failures of which some loop has had enough: a loop around it does not multiply the tries. */
const givenUp = new WeakSet<object>();

/** Does it again while the failure may pass by itself. @throws the last failure, or the signal's reason */
export async function retryTransient<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error, policy)) throw error;
      if (policy.hasProgressed?.()) tried = 1;
      if (tried >= triesFor(error, policy) || isTooLate(error, policy, clock))
        throw policy.tries > 1 ? giveUp(error) : error;
      await clock.sleep(delayAfter(tried, error, policy), signal);
    }
  }
}

function mayPass(error: unknown, { mayPass: isPassing = isTransient }: RetryPolicy): error is object {
  return typeof error === 'object' && error !== null && !givenUp.has(error) && isPassing(error);
}

function triesFor(error: object, { tries, throttledTries = tries }: RetryPolicy): number {
  const isThrottled = 'code' in error && error.code === 'THROTTLED';
  return tries > 1 && isThrottled ? throttledTries : tries;
}

function isTooLate(error: object, { retryAfterMs, deadline }: RetryPolicy, clock: Clock): boolean {
  const waitMs = retryAfterMs?.(error) ?? 0;
  return deadline === undefined ? waitMs > LONGEST_RETRY_AFTER_MS : clock.now() + waitMs > deadline;
}

function giveUp(error: object): object {
  givenUp.add(error);
  return error;
}

function delayAfter(tried: number, error: object, policy: RetryPolicy): number {
  const { firstDelayMs, growth = 2, isSpread = false, retryAfterMs } = policy;
  const ownMs = firstDelayMs * growth ** (tried - 1);
  const spreadMs = isSpread ? Math.round(ownMs * (0.5 + Math.random() / 2)) : ownMs;
  // "At once" would use up all tries in no time.
  return Math.min(retryAfterMs?.(error) || spreadMs, MAX_DELAY_MS);
}
