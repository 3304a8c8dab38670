import type { SmokeTest } from '../../model/smoke-test.ts';

/** The same test for a revision that is warm: it has to pass once, and a failure is tried again for so long at most. */
export function limitRetries(test: SmokeTest, longestMs: number): SmokeTest {
  return { ...test, passes: 1, retryForMs: Math.min(test.retryForMs, longestMs) };
}
