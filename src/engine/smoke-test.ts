import { DeployError } from '../model/errors.ts';
import type { SmokeTestResult } from '../model/smoke-test.ts';
import type { Endpoint } from '../model/workload.ts';
import { runPhase } from './phase.ts';
import type { Progress } from './progress.ts';
import type { Rollout } from './rollout.ts';
import { runSmokeTests } from './smoke-tests/run-smoke-tests.ts';

/** What is tested: our revision, or for `unchanged` the one that is live. */
export type Subject = Pick<Progress, 'operation' | 'deadline' | 'entry'>;

/**
 * Runs the configured smoke tests.
 * @throws DeployError SMOKE_TEST_FAILED that names the first test which failed
 */
export async function smokeTest(against: 'live' | 'preview', subject: Subject, rollout: Rollout): Promise<void> {
  const { record, io } = rollout;
  if (rollout.smokeTests.length === 0) {
    io.log.info('No smoke tests are configured: none ran.');
    return;
  }
  record.smokeTests = await runPhase(`Smoke test (${against})`, record, io, () => runAll(against, subject, rollout));
  ensurePassed(record.smokeTests, subject);
}

/** The same at our revision's own address while it gets traffic, said only where one fails. */
export async function judgeBySmokeTests(subject: Subject, rollout: Rollout): Promise<void> {
  const { record, io } = rollout;
  if (rollout.smokeTests.length === 0) return;
  const silent = { ...rollout, io: { ...io, log: { ...io.log, info: io.log.debug } } };
  record.smokeTests = await runAll('preview', subject, silent);
  ensurePassed(record.smokeTests, subject);
}

async function runAll(against: 'live' | 'preview', subject: Subject, rollout: Rollout): Promise<SmokeTestResult[]> {
  const { smokeTests: tests, image, io } = rollout;
  const { deadline } = subject;
  const endpoint = await endpointOf(against, subject, rollout);
  return [...(await runSmokeTests({ tests, endpoint, revision: revisionOf(subject), image, deadline }, io))];
}

function ensurePassed(results: readonly SmokeTestResult[], subject: Subject): void {
  const failed = results.find((result) => !result.passed);
  if (!failed) return;
  const message = `could not accept ${revisionOf(subject)}: smoke test "${failed.name}" failed: ${failed.detail}`;
  throw new DeployError('SMOKE_TEST_FAILED', message, {
    hint: 'Compare what was seen with what the smoke test expects, correct the one that is wrong, and run again.',
  });
}

async function endpointOf(
  against: 'live' | 'preview',
  { operation }: Subject,
  { endpoint, workload }: Rollout,
): Promise<Endpoint | null> {
  if (against === 'live') return endpoint;
  return operation && workload.traffic ? await workload.traffic.preview(operation) : null;
}

function revisionOf({ operation, entry }: Subject): string {
  return operation?.revision ?? entry.point.revision;
}
