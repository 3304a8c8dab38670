import type { Io } from '../io/io.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { DeployError } from '../model/errors.ts';
import type { SmokeTest, SmokeTestResult } from '../model/smoke-test.ts';
import { insideOf } from './inside-tests.ts';
import { runPhase } from './phase.ts';
import type { Progress, Rollout } from './rollout.ts';
import { runSmokeTests, type SmokeTestRun } from './smoke-tests/run-smoke-tests.ts';
import { waitForAnswer } from './wait.ts';

/** What is tested: our revision, or for `unchanged` the one that is live. */
export type Subject = Pick<Progress, 'operation' | 'deadline' | 'entry'>;

/** Once for a run that deploys, whose only evidence is then what the platform says. */
export function warnWithoutSmokeTests({ smokeTests }: Pick<Rollout, 'smokeTests'>, { log }: Io): void {
  if (smokeTests.length > 0) return;
  log.warning(
    'No smoke tests are configured: only the health status of the platform is checked, and no request is sent to the new revision. Set `smoke-tests`.',
  );
}

/**
 * Runs the configured smoke tests.
 * @throws DeployError SMOKE_TEST_FAILED that names the first test which failed
 */
export async function smokeTest(against: 'live' | 'preview', subject: Subject, rollout: Rollout): Promise<void> {
  const { record, io, signal } = rollout;
  if (rollout.smokeTests.length === 0) return;
  // Its address is read from the cloud: a transient error of that read says nothing about the revision.
  const wait = { what: 'the smoke tests to start', deadline: subject.deadline, signal };
  if (await waitForAnswer(async () => (await rollout.workload.nothingRuns?.()) ?? false, wait, io)) {
    return io.log.info(`Nothing of ${revisionOf(subject)} runs, as the workload is empty: no smoke test ran.`);
  }
  const run = () => waitForAnswer(() => runSmokeTestsOn(against, subject, rollout), wait, io);
  const results = await runPhase(`Smoke test (${against})`, record, io, run);
  record.smokeTests = results;
  const failure = findFailure(results, subject, rollout.smokeTests);
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
  for (const { endpoint, inside } of await findAddresses(against, subject, rollout)) {
    results.push(...(await runSmokeTests({ ...context, endpoint, inside }, io)));
    if (results.some(({ passed }) => !passed)) break;
  }
  return results;
}

const COMPARE = 'Compare the response with what the smoke test expects, fix the one that is wrong, and run again.';
const NOT_RUN = 'Remove what kept the smoke test from running, or leave out `in-cluster`, and run again.';

/** @returns the error for the first test that failed; null: all passed */
export function findFailure(
  results: readonly SmokeTestResult[],
  subject: Subject,
  tests: readonly SmokeTest[],
): DeployError | null {
  const failed = results.find((result) => !result.passed);
  if (!failed) return null;
  const message = `smoke tests failed on ${revisionOf(subject)}: "${failed.name}": ${failed.detail}`;
  return new DeployError('SMOKE_TEST_FAILED', message, {
    hint: failed.couldNotRun ? NOT_RUN : COMPARE,
    at: tests.find(({ name }) => name === failed.name)?.at ?? null,
  });
}

interface TestedAddress extends Pick<SmokeTestRun, 'inside'> {
  /** null: there is no address, so only tests with a full URL and commands can pass. */
  readonly endpoint: Endpoint | null;
}

async function findAddresses(
  against: 'live' | 'preview',
  { operation }: Subject,
  { workload, smokeTests, url, endpoint, record }: Rollout,
): Promise<readonly TestedAddress[]> {
  const runner = insideOf(workload, smokeTests);
  if (against === 'preview') {
    const previews = operation ? await workload.preview(operation) : [];
    const all: readonly (Endpoint | null)[] = previews.length > 0 ? previews : [null];
    // Never the other one: what it takes to call that from here is not for the cluster.
    return all.map((one) => ({ endpoint: one, inside: runner && { runner, endpoint: one?.inside ?? null } }));
  }
  // A service that this run creates has no address before.
  const live = endpoint ?? (workload.isNew ? await workload.endpoint(url) : null);
  record.url ??= live?.url ?? null;
  return [{ endpoint: live, inside: runner && { runner, endpoint: await runner.endpoint() } }];
}

function revisionOf({ operation, entry }: Subject): string {
  return operation?.revision ?? entry.point.revision ?? 'the new revision';
}
