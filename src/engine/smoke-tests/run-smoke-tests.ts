import type { Io } from '../../io/io.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { SmokeTest, SmokeTestResult } from '../../model/smoke-test.ts';
import { encodeBody } from './encode-body.ts';
import { repeatUntilPassed } from './repeat-until-passed.ts';
import { tryCommand } from './try-command.ts';
import { tryRequest } from './try-request.ts';

export interface SmokeTestRun {
  readonly tests: readonly SmokeTest[];
  /** null: no base URL is known; only full URLs and commands can pass. */
  readonly endpoint: Endpoint | null;
  readonly revision: string;
  readonly image: string;
  /** When everything has to be done, in milliseconds since 1970. */
  readonly deadline: number;
  /** Ends the tests when it is aborted. */
  readonly signal: AbortSignal;
}

/**
 * Runs the tests in order. After the first that fails for good the rest are not run: they are reported as not passed,
 * with 0 attempts, so that nothing that was not measured counts as a pass.
 * @throws The signal's reason.
 */
export async function runSmokeTests(run: SmokeTestRun, io: Io): Promise<readonly SmokeTestResult[]> {
  const results: SmokeTestResult[] = [];
  let failed: SmokeTestResult | null = null;
  for (const test of run.tests) {
    run.signal.throwIfAborted();
    const result: SmokeTestResult = failed
      ? notRun(test, `"${failed.name}" failed before it`)
      : io.clock.now() >= run.deadline
        ? notRun(test, "the run's time was up")
        : await runOne(test, run, io);
    io.log.info(describeResult(result));
    results.push(result);
    if (!result.passed) failed ??= result;
  }
  return results;
}

function notRun(test: SmokeTest, why: string): SmokeTestResult {
  return { name: test.name, passed: false, attempts: 0, durationMs: 0, detail: `not run: ${why}` };
}

async function runOne(test: SmokeTest, run: SmokeTestRun, io: Io): Promise<SmokeTestResult> {
  const startedAt = io.clock.now();
  const attempt = test.kind === 'http' ? requestAttempts(test, run, io) : () => tryCommand(test, run, io);
  const { name, passes, retryForMs } = test;
  const repetition = { name, passes, retryForMs, deadline: run.deadline, signal: run.signal };
  const { last, attempts } = await repeatUntilPassed(attempt, repetition, io);
  const durationMs = io.clock.now() - startedAt;
  return { name, passed: last.passed, attempts, durationMs, detail: last.detail };
}

/** The body is encoded once for all attempts: it can be a file of many megabytes. */
function requestAttempts(test: Extract<SmokeTest, { kind: 'http' }>, run: SmokeTestRun, io: Io) {
  let encoded: ReturnType<typeof encodeBody> | null = null;
  return async () => {
    encoded ??= encodeBody(test.body, io.files);
    return await tryRequest(test, { ...run, encoded }, io);
  };
}

function describeResult({ passed, name, detail, attempts, durationMs }: SmokeTestResult): string {
  if (attempts === 0) return `- ${name}: ${detail}`;
  const effort = attempts === 1 ? '' : ` (${attempts} attempts in ${formatDuration(durationMs)})`;
  return `${passed ? '✓' : '✗'} ${name}: ${detail}${effort}`;
}
