import type { Io } from '../../io/io.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Inside } from '../../model/inside.ts';
import type { HttpSmokeTest, SmokeTest, SmokeTestResult } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { encodeBody } from './encode-body.ts';
import { repeatUntilPassed } from './repeat-until-passed.ts';
import { runInside } from './run-inside.ts';
import { sendFromInside } from './send-inside.ts';
import { sendFromHere } from './send-request.ts';
import { tryCommand } from './try-command.ts';
import { type RequestContext, tryRequest } from './try-request.ts';

export interface InsideNetwork {
  readonly runner: Inside;
  /** null: no address in that network is known. */
  readonly endpoint: Endpoint | null;
}

export interface SmokeTestRun {
  readonly tests: readonly SmokeTest[];
  /** null: no base URL is known; only full URLs and commands can pass. */
  readonly endpoint: Endpoint | null;
  /** For tests in the workload's own network. Absent: none of them is there. */
  readonly inside?: InsideNetwork | undefined;
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
  const attempt = attemptsOf(test, run, io);
  const { name, passes, retryForMs } = test;
  const repetition = { name, passes, retryForMs, deadline: run.deadline, signal: run.signal };
  const { last, attempts } = await repeatUntilPassed(attempt, repetition, io);
  const durationMs = io.clock.now() - startedAt;
  const { passed, detail, couldNotRun = false } = last;
  return { name, passed, attempts, durationMs, detail, ...(couldNotRun ? { couldNotRun } : {}) };
}

function attemptsOf(test: SmokeTest, run: SmokeTestRun, io: Io): () => Promise<Attempt> {
  // Few tests are of these kinds: what they take is loaded then.
  if (test.kind === 'grpc') return async () => (await import('./try-grpc.ts')).tryGrpc(test, run, io);
  if (test.kind === 'websocket') return async () => (await import('./try-websocket.ts')).tryWebSocket(test, run, io);
  if (!test.inside) {
    return test.kind === 'http'
      ? requestAttempts(test, { ...run, send: sendFromHere(test, io) }, io)
      : () => tryCommand(test, run, io);
  }
  const { runner, endpoint } = run.inside!;
  return test.kind === 'http'
    ? requestAttempts(test, { ...run, endpoint, send: sendFromInside(runner, test, run) }, io)
    : () => runInside(test, { ...run, endpoint, runner }, io);
}

/** The body is encoded once for all attempts: it can be a file of many megabytes. */
function requestAttempts(test: HttpSmokeTest, context: Omit<RequestContext, 'encoded'>, io: Io) {
  let encoded: ReturnType<typeof encodeBody> | null = null;
  return async () => {
    encoded ??= encodeBody(test.body, io.files);
    return await tryRequest(test, { ...context, encoded }, io);
  };
}

function describeResult({ passed, name, detail, attempts, durationMs }: SmokeTestResult): string {
  if (attempts === 0) return `- ${name}: ${detail}`;
  const effort = attempts === 1 ? '' : ` (${attempts} attempts in ${formatDuration(durationMs)})`;
  return `${passed ? '✓' : '✗'} ${name}: ${detail}${effort}`;
}
