import { startPace } from '../io/pace.ts';
import { neverAborted } from '../io/signals.ts';
import { DeployError, describeError, type Failure } from '../model/errors.ts';
import type { ChangeMark, Restoration } from '../model/workload.ts';
import type { RollbackRequest } from './rollout.ts';
import { type Poll, waitFor } from './wait.ts';

/** What is known when a rollback is given up. */
export interface RestoreProgress {
  /** The platform has taken the request once. */
  requested: boolean;
  /** Of the last poll; null: it did not fail. */
  failure: Failure | null;
}

export type Settled = Exclude<Restoration, { status: 'progressing' }>;

const LONGEST_PAUSE_MS = 30_000;
/** "It ended in failure" may be stale for seconds, and the next poll may try something else. */
const FINAL_AFTER_MS = 60_000;

/**
 * Polls the restoration until it is settled. It is not given up while there is time: whatever a poll fails with may pass,
 * or be fixed by a colleague. One 403 left the failing version live.
 * @throws DeployError TIMEOUT, or for what no repetition changes; `progress` then holds the last failure
 */
export async function restorePersistently(request: RollbackRequest, progress: RestoreProgress): Promise<Settled> {
  const { entry, timeoutMs, io } = request;
  const startedAt = io.clock.now();
  const { revision } = entry.point;
  const wait = {
    what: revision === null ? 'what this run created to be deleted' : `${revision} to serve again`,
    deadline: startedAt + timeoutMs,
    // A rollback that was begun is never given up half-way because of a second signal.
    signal: neverAborted,
  };
  const nextPause = startPace({ longestMs: LONGEST_PAUSE_MS });
  let failedAt: number | null = null;
  return await waitFor<Settled>(
    async () => {
      const found = await tryRestore(request, io.clock.now() - startedAt);
      failedAt = found.status === 'failed' ? (failedAt ?? io.clock.now()) : null;
      const isFinal = failedAt !== null && io.clock.now() - failedAt >= FINAL_AFTER_MS;
      if (isSettled(found) && (found.status !== 'failed' || isFinal)) return { done: true, value: found };
      progress.requested ||= found.status === 'progressing' && found.requested;
      progress.failure = found.status === 'error' ? found.failure : null;
      return notYet(found, nextPause);
    },
    wait,
    io,
  );
}

/** One poll. @throws what `Workload.restore` throws */
export async function restoreOnce(
  { workload, entry }: Pick<RollbackRequest, 'workload' | 'entry'>,
  elapsedMs: number,
): Promise<Restoration> {
  return await workload.restore(entry.point, entry.mark as ChangeMark, elapsedMs);
}

interface FailedPoll {
  readonly status: 'error';
  readonly failure: Failure;
}

async function tryRestore(request: RollbackRequest, elapsedMs: number): Promise<Restoration | FailedPoll> {
  try {
    return await restoreOnce(request, elapsedMs);
  } catch (error) {
    if (!mayPass(error)) throw error;
    return { status: 'error', failure: describeError(error) };
  }
}

/** What this very process can't do, no repetition changes. */
function mayPass(error: unknown): boolean {
  return !(error instanceof DeployError) || !['JOURNAL_INVALID', 'INPUT_INVALID'].includes(error.code);
}

function isSettled(found: Restoration | FailedPoll): found is Settled {
  return found.status !== 'progressing' && found.status !== 'error';
}

function notYet(found: Restoration | FailedPoll, nextPause: () => number): Poll<Settled> {
  if (found.status === 'progressing') return { done: false, message: found.message };
  const message = found.status === 'error' ? found.failure.message : found.message;
  return { done: false, message: `${message} (trying again)`, pollAfterMs: nextPause() };
}
