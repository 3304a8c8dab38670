import { startPace } from '../io/pace.ts';
import { neverAborted } from '../io/signals.ts';
import { formatDuration } from '../model/duration.ts';
import { DeployError, describeError, type Failure } from '../model/errors.ts';
import type { ChangeMark, Restoration } from '../model/restore-point.ts';
import { MARKER_HOLDS_MS } from '../model/rollout-marker.ts';
import { markedUntil, tryRenew } from './hold-marker.ts';
import { outstandingMs } from './late-call.ts';
import type { RollbackRequest } from './rollout.ts';
import { type Poll, waitFor } from './wait.ts';

/** What is known when a rollback is given up. */
export interface RestoreProgress {
  /** The platform has taken the request once. */
  requested: boolean;
  /** Of the last poll; null: it did not fail. */
  failure: Failure | null;
}

/** `unansweredAt`: when a request got no answer, which may take effect after the restoration. */
export type RestoreRequest = Pick<RollbackRequest, 'workload' | 'entry' | 'timeoutMs' | 'unansweredAt' | 'io'>;

export type Settled = Exclude<Restoration, { status: 'progressing' }>;

const LONGEST_PAUSE_MS = 30_000;
/** "It ended in failure" may be stale for seconds, and the next poll may try something else. */
const FINAL_AFTER_MS = 60_000;

/**
 * Polls the restoration until it is settled. It is not given up while there is time: whatever a poll fails with may pass,
 * or be fixed by a colleague. One 403 left the failing version live.
 * @throws DeployError TIMEOUT, or for what no repetition changes; `progress` then holds the last failure
 */
export async function restorePersistently(request: RestoreRequest, progress: RestoreProgress): Promise<Settled> {
  const { entry, timeoutMs, io, unansweredAt = null } = request;
  const startedAt = io.clock.now();
  const { revision } = entry.point;
  const wait = {
    what: revision === null ? 'what this run created to be deleted' : `${revision} to serve again`,
    deadline: startedAt + timeoutMs,
    // A rollback that was begun is never given up half-way because of a second signal.
    signal: neverAborted,
  };
  const nextPause = startPace({ longestMs: LONGEST_PAUSE_MS });
  const keepMarked = openRenewal(request);
  let failedAt: number | null = null;
  return await waitFor<Settled>(
    async () => {
      await keepMarked();
      const found = await tryRestore(request, io.clock.now() - startedAt);
      failedAt = found.status === 'failed' ? (failedAt ?? io.clock.now()) : null;
      const isFinal = failedAt !== null && io.clock.now() - failedAt >= FINAL_AFTER_MS;
      const lateMs = found.status === 'superseded' ? 0 : outstandingMs(unansweredAt, request);
      if (isSettled(found) && lateMs > 0) return untilLateCallsAreOver(found, lateMs);
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

/** The restoration may take longer than the marker holds. */
function openRenewal({ workload, entry, io }: RestoreRequest): () => Promise<void> {
  let renewAt = io.clock.now() + MARKER_HOLDS_MS / 4;
  return async () => {
    if (io.clock.now() < renewAt) return;
    renewAt = io.clock.now() + MARKER_HOLDS_MS / 2;
    await tryRenew(entry, { workload, io }, markedUntil(io));
  };
}

function untilLateCallsAreOver({ message }: Settled, lateMs: number): Poll<Settled> {
  const left = formatDuration(lateMs);
  return { done: false, message: `${message}; for ${left} a request that got no answer may still take effect` };
}

interface FailedPoll {
  readonly status: 'error';
  readonly failure: Failure;
}

async function tryRestore(request: RestoreRequest, elapsedMs: number): Promise<Restoration | FailedPoll> {
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
