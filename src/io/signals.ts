import { DeployError } from '../model/errors.ts';

/**
 * Aborted by SIGINT or SIGTERM. The runner sends SIGINT when a job is cancelled or a step's time is up, SIGTERM 7.5 s
 * later, and kills 2.5 s after that (actions/runner ProcessInvoker.cs). The listener does nothing else: an exception
 * in it would end the process without a single `finally`.
 */
export function cancelledBySignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => controller.abort(cancelled(name)));
  }
  return controller.signal;
}

function cancelled(name: string): DeployError {
  return new DeployError('CANCELLED', `the job was cancelled (${name})`, {
    hint: 'Read the summary of the post step: it says what serves now.',
  });
}

/** For the post step, which rolls back: it goes on until it is done or killed. */
export function ignoreSignals(): AbortSignal {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => {});
  return new AbortController().signal;
}
