import { neverCancelled } from '../io/io.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import type { WayBack } from './rollout.ts';
import { runSmokeTests } from './smoke-tests/run-smoke-tests.ts';

const LONGEST_RETRY_MS = 30_000;
/** For all tests together: after a cancel the runner leaves 5 minutes, and the way back may have taken 3. */
const BUDGET_MS = 60_000;

/**
 * Does the old revision serve? The platform has said so; the smoke tests are the second witness.
 * They were written for the new revision: one that fails on both may ask for something that the old one never had. So
 * a single pass is a sign of life, and what failed is told; only when nothing passes is the way back in doubt.
 */
export async function verifyRestored(way: WayBack): Promise<{ serves: boolean; notes: readonly string[] }> {
  const { smokeTests, endpoint, entry } = way;
  if (smokeTests.length === 0) return { serves: true, notes: ['Read back; no smoke tests are configured.'] };
  const io = neverCancelled(way.io);
  const deadline = io.clock.now() + BUDGET_MS;
  const failed: string[] = [];
  for (const test of smokeTests) {
    const tests = [onceAndSoon(test)];
    // The image of the old revision is not known here.
    const [result] = await runSmokeTests({ tests, endpoint, revision: entry.point.revision, image: '', deadline }, io);
    if (result && !result.passed) failed.push(`On ${entry.point.revision} too, "${test.name}" fails: ${result.detail}`);
  }
  const serves = failed.length < smokeTests.length;
  return { serves, notes: serves && failed.length === 0 ? ['Read back, and every smoke test passes on it.'] : failed };
}

function onceAndSoon(test: SmokeTest): SmokeTest {
  return { ...test, passes: 1, retryForMs: Math.min(test.retryForMs, LONGEST_RETRY_MS) };
}
