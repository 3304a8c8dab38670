import type { CancellableIo } from '../io/io.ts';
import { formatDuration } from '../model/duration.ts';
import { DeployError } from '../model/errors.ts';

/** Ends what comes before the first change when the run's time is up. Waits and rollbacks have deadlines of their own. */
export interface TimeLimit {
  /** Aborted as the job's own, and when the time is up while something runs under this limit. */
  readonly signal: AbortSignal;
  /**
   * @param what completes "could not …": `find the service`
   * @throws DeployError TIMEOUT at the deadline; what `body` throws
   */
  run<T>(what: string, deadline: number, body: () => Promise<T>): Promise<T>;
}

export function openTimeLimit({ io, signal }: CancellableIo): TimeLimit {
  const over = new AbortController();
  const startedAt = io.clock.now();
  return {
    signal: AbortSignal.any([signal, over.signal]),
    async run(what, deadline, body) {
      const done = new AbortController();
      const expiry = io.clock.sleep(Math.max(0, deadline - io.clock.now()), done.signal).then(() => {
        over.abort(timedOut(what, io.clock.now() - startedAt));
        throw over.signal.reason;
      });
      try {
        // Not every client ends at once what its signal aborts.
        return await Promise.race([expiry, body()]);
      } catch (error) {
        throw over.signal.aborted ? over.signal.reason : error;
      } finally {
        done.abort();
        expiry.catch(() => undefined);
      }
    },
  };
}

export const COPY = 'copy the image';

const UNREACHED_HINT =
  'Check what is between the runner and the service that is asked (network, proxy, firewall), or give it more time with `timeout`.';
const HINTS: Readonly<Record<string, string>> = {
  [COPY]: 'Run again: blobs that are already present are not copied again. Give it more time with `timeout`.',
};

function timedOut(what: string, afterMs: number): DeployError {
  const message = `could not ${what}: the time was up after ${formatDuration(afterMs)}, and nothing was deployed`;
  return new DeployError('TIMEOUT', message, { hint: HINTS[what] ?? UNREACHED_HINT });
}
