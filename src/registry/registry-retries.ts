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
