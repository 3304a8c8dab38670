import { DeployError } from '../model/errors.ts';
import type { Endpoint } from '../model/workload.ts';
import { runPhase } from './phase.ts';
import type { Rollout } from './rollout.ts';
import { runSmokeTests } from './smoke-tests/run-smoke-tests.ts';

/**
 * Runs the configured smoke tests against our revision.
 * @throws DeployError SMOKE_TEST_FAILED that names the first test which failed.
 */
export async function smokeTest(
  against: 'live' | 'preview',
  context: { readonly revision: string; readonly rollout: Rollout },
): Promise<void> {
  const { rollout, revision } = context;
  const { smokeTests: tests, image, deadline, record, io } = rollout;
  if (tests.length === 0) {
    io.log.info('No smoke tests are configured: none ran.');
    return;
  }
  record.smokeTests = await runPhase(`Smoke test (${against})`, record, io, async () => {
    const endpoint = await endpointOf(against, rollout);
    return [...(await runSmokeTests({ tests, endpoint, revision, image, deadline }, io))];
  });
  const failed = record.smokeTests.find((result) => !result.passed);
  if (!failed) return;
  const message = `could not accept ${revision}: smoke test "${failed.name}" failed: ${failed.detail}`;
  throw new DeployError('SMOKE_TEST_FAILED', message, {
    hint: 'Compare what was seen with what the smoke test expects, correct the one that is wrong, and run again.',
  });
}

async function endpointOf(against: 'live' | 'preview', rollout: Rollout): Promise<Endpoint | null> {
  return against === 'live' ? rollout.endpoint : await rollout.workload.endpoint('preview');
}
