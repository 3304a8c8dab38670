import type { Endpoint } from '../model/endpoint.ts';
import { DeployError } from '../model/errors.ts';
import type { SmokeTestResult } from '../model/smoke-test.ts';
import { runPhase } from './phase.ts';
import type { Progress, Rollout } from './rollout.ts';
import { runSmokeTests } from './smoke-tests/run-smoke-tests.ts';
import { waitForAnswer } from './wait.ts';

/** What is tested: our revision, or for `unchanged` the one that is live. */
export type Subject = Pick<Progress, 'operation' | 'deadline' | 'entry'>;

/**
 * Runs the configured smoke tests.
 * @throws DeployError SMOKE_TEST_FAILED that names the first test which failed
 */
export async function smokeTest(against: 'live' | 'preview', subject: Subject, rollout: Rollout): Promise<void> {
  const { record, io, signal } = rollout;
  if (rollout.smokeTests.length === 0) {
    io.log.info('No smoke tests are configured: none ran.');
    return;
  }
  // Its address is read from the cloud: a transient error of that read says nothing about the revision.
  const wait = { what: 'the smoke tests to start', deadline: subject.deadline, signal };
  const run = () => waitForAnswer(() => runSmokeTestsOn(against, subject, rollout), wait, io);
  const results = await runPhase(`Smoke test (${against})`, record, io, run);
  record.smokeTests = results;
  const failure = findFailure(results, subject);
  if (failure) throw failure;
}

/** On each address that it has; after one on which a test fails the rest is not tested. */
export async function runSmokeTestsOn(
  against: 'live' | 'preview',
  subject: Subject,
  rollout: Rollout,
): Promise<SmokeTestResult[]> {
  const { smokeTests: tests, io, signal } = rollout;
  const { deadline } = subject;
  const context = { tests, revision: revisionOf(subject), image: rollout.image ?? '', deadline, signal };
  const results: SmokeTestResult[] = [];
  for (const endpoint of await findEndpoints(against, subject, rollout)) {
    results.push(...(await runSmokeTests({ ...context, endpoint }, io)));
    if (results.some(({ passed }) => !passed)) break;
  }
  return results;
}

/** @returns the error for the first test that failed; null: all passed */
export function findFailure(results: readonly SmokeTestResult[], subject: Subject): DeployError | null {
  const failed = results.find((result) => !result.passed);
  if (!failed) return null;
  const message = `smoke tests failed on ${revisionOf(subject)}: "${failed.name}": ${failed.detail}`;
  return new DeployError('SMOKE_TEST_FAILED', message, {
    hint: 'Compare the response with what the smoke test expects, fix the one that is wrong, and run again.',
  });
}

/** null: there is no address, so only tests with a full URL and commands can pass. */
async function findEndpoints(
  against: 'live' | 'preview',
  { operation }: Subject,
  { workload, url, endpoint, record }: Rollout,
): Promise<readonly (Endpoint | null)[]> {
  if (against === 'preview') {
    const previews = operation ? await workload.preview(operation) : [];
    return previews.length > 0 ? previews : [null];
  }
  // A service that this run creates has no address before.
  const live = endpoint ?? (workload.isNew ? await workload.endpoint(url) : null);
  record.url ??= live?.url ?? null;
  return [live];
}

function revisionOf({ operation, entry }: Subject): string {
  return operation?.revision ?? entry.point.revision ?? 'the new revision';
}
