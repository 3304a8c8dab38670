import type { RetryPolicy } from '../io/retry-transient.ts';
import { isTransient } from '../model/errors.ts';
import { RegistryError } from './registry-error.ts';

/** What all retries of requests to a registry have in common. */
export const REGISTRY_RETRIES: Omit<RetryPolicy, 'tries' | 'firstDelayMs'> = {
  // Some limits are per minute, and not every registry says when to come back.
  throttledTries: 9,
  isSpread: true,
  mayPass: (error) => (error instanceof RegistryError ? error.retryable : isTransient(error)),
  retryAfterMs: (error) => (error instanceof RegistryError ? error.refusal.retryAfterMs : null),
};

/** Left out where there is none. What a registry wants to be waited for beyond it fails at once; milliseconds since 1970. */
export function deadlineOf({ deadline }: { readonly deadline?: number }): { readonly deadline?: number } {
  return deadline === undefined ? {} : { deadline };
}
