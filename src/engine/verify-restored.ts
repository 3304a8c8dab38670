import { neverAborted } from '../io/signals.ts';
import type { SmokeTestResult } from '../model/smoke-test.ts';
import { tryFindInside } from './inside-tests.ts';
import type { RollbackRequest } from './rollout.ts';
import { limitRetries } from './smoke-tests/limit-retries.ts';
import { runSmokeTests } from './smoke-tests/run-smoke-tests.ts';

const LONGEST_RETRY_MS = 30_000;
/** For all tests together: after a cancel the runner leaves 5 minutes, and the rollback may have taken 3. */
const BUDGET_MS = 60_000;

/**
 * Does the previous revision serve? The platform has said so; the smoke tests are the second witness.
 * They were written for the new revision: one that fails on both may ask for something that the previous one never had. So
 * a single pass is a sign of life, and what failed is told; only when nothing passes is the rollback in doubt.
 */
export async function verifyRestored(
  request: RollbackRequest,
): Promise<{ readonly serves: boolean; readonly notes: readonly string[] }> {
  const { smokeTests, endpoint, entry, workload, record, io } = request;
  const { revision } = entry.point;
  if (revision === null)
    return { serves: true, notes: ['Verified by reading it back: the service that this run created is deleted.'] };
  if (smokeTests.length === 0)
    return { serves: true, notes: ['Verified by reading it back; no smoke tests are configured.'] };
  if (await isEmpty(workload))
    return { serves: true, notes: ['Verified by reading it back; nothing runs, so no smoke test ran.'] };
  const deadline = io.clock.now() + BUDGET_MS;
  const inside = await tryFindInside(workload, smokeTests, io);
  const failed: string[] = [];
  const notRun: string[] = [];
  const results: SmokeTestResult[] = [];
  for (const test of smokeTests) {
    // The image of the previous revision is not known here.
    const run = {
      tests: [limitRetries(test, LONGEST_RETRY_MS)],
      endpoint,
      inside,
      revision,
      image: '',
      deadline,
      signal: neverAborted,
    };
    const [result] = await runSmokeTests(run, io);
    if (result) results.push(result);
    if (result?.couldNotRun) notRun.push(`"${test.name}" did not run on ${revision}: ${result.detail}`);
    else if (result && !result.passed) failed.push(`"${test.name}" fails on ${revision} too: ${result.detail}`);
  }
  record.restoredTests = results;
  const ran = smokeTests.length - notRun.length;
  if (ran === 0)
    return { serves: true, notes: ['Verified by reading it back; no smoke test could be run.', ...notRun] };
  const serves = failed.length < ran;
  const verified = `Verified: smoke tests pass on ${revision}.`;
  return { serves, notes: [...(serves && failed.length === 0 ? [verified] : failed), ...notRun] };
}

/** Where it can't be read, the smoke tests tell. */
async function isEmpty({ nothingRuns }: RollbackRequest['workload']): Promise<boolean> {
  try {
    return (await nothingRuns?.()) ?? false;
  } catch {
    return false;
  }
}
