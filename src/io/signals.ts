import { DeployError, describeError } from '../model/errors.ts';

/** For work that goes on when the job is cancelled, such as a rollback. */
export const neverAborted: AbortSignal = new AbortController().signal;

/** Where the system has no such signal, it is an event that never comes. */
const CANCELS = ['SIGINT', 'SIGTERM', 'SIGBREAK'] as const;

/**
 * Aborted by SIGINT or SIGTERM. The runner sends SIGINT when a job is cancelled or a step's time is up, SIGTERM 7.5 s
 * later, and kills 2.5 s after that (actions/runner ProcessInvoker.cs). On Windows the second one is Ctrl+Break: SIGBREAK. The listener does nothing else: an exception
 * in it would end the process without a single `finally`.
 * Also by an exception that no code caught: it is then an outcome, and what was sent is rolled back.
 */
export function abortedBySignal(): AbortSignal {
  const controller = new AbortController();
  process.on('uncaughtException', (error) => controller.abort(crashed(error)));
  for (const name of CANCELS) {
    process.on(name, () => controller.abort(cancelled(name)));
  }
  return controller.signal;
}

/** True: by a user or the runner, which leaves 7.5 s. False: not at all, or by an exception, which leaves all the time. */
export function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof DeployError && signal.reason.code === 'CANCELLED';
}

function crashed(error: unknown): DeployError {
  const { code, message, hint } = describeError(error);
  return new DeployError(code, message, { cause: error, hint: hint ?? '' });
}

function cancelled(name: string): DeployError {
  return new DeployError('CANCELLED', `the job was cancelled (${name})`, {
    hint: 'Run the job again when nothing else is deploying.',
  });
}

/** For the post step, which rolls back: it goes on until it is done or killed. @returns what no code catches, as it comes */
export function ignoreSignals(): readonly unknown[] {
  const crashes: unknown[] = [];
  process.on('uncaughtException', (error) => void crashes.push(error));
  for (const name of CANCELS) process.on(name, () => {});
  return crashes;
}
