import { startPace } from '../io/pace.ts';
import { neverAborted } from '../io/signals.ts';
import { formatDuration } from '../model/duration.ts';
import { DeployError, describeError, type Failure } from '../model/errors.ts';
import type { ChangeMark, Restoration } from '../model/restore-point.ts';
import { MARKER_HOLDS_MS } from '../model/rollout-marker.ts';
import type { Unanswered } from '../model/unanswered.ts';
import { markedUntil, tryRenew } from './hold-marker.ts';
import { lateMs } from './late-call.ts';
import type { RollbackRequest } from './rollout.ts';
import { type Poll, waitFor } from './wait.ts';

/** What is known when a rollback is given up. */
export interface RestoreProgress {
  /** The platform has taken the request once. */
  requested: boolean;
  /** Of the last poll; null: it did not fail. */
  failure: Failure | null;
  /** What the last poll that did not fail saw; null: none. */
  lastSeen: string | null;
}

/** `unanswered`: a request of the rollout, which may take effect after the restoration. */
export type RestoreRequest = Pick<RollbackRequest, 'workload' | 'entry' | 'timeoutMs' | 'unanswered' | 'io'>;

export type Settled = Exclude<Restoration, { status: 'progressing' }>;

const LONGEST_PAUSE_MS = 30_000;
/** "It ended in failure" may be stale for seconds, and the next poll may try something else. */
const FINAL_AFTER_MS = 60_000;
/** What is settled is said before the time is up, also while a late call may still come. */
const LAST_POLL_MS = 10_000;

/**
 * Polls the restoration until it is settled. It is not given up while there is time: whatever a poll fails with may pass,
 * or be fixed by a colleague. One 403 left the failing version live.
 * @throws DeployError TIMEOUT, or for what no repetition changes; `progress` then holds the last failure
 */
export async function restorePersistently(request: RestoreRequest, progress: RestoreProgress): Promise<Settled> {
  const { entry, timeoutMs, io } = request;
  const calls = { entry, unanswered: request.unanswered ?? { at: null } };
  const startedAt = io.clock.now();
  const { revision } = entry.point;
  const deadline = startedAt + timeoutMs;
  const wait = {
    what: revision === null ? 'what this run created to be deleted' : `${revision} to serve again`,
    deadline,
    // A rollback that was begun is never given up half-way because of a second signal.
    signal: neverAborted,
    hint: 'Look at the service: the platform may still restore it. Give the rollback more time with `rollback-timeout`; after a cancellation GitHub allows 3 minutes.',
  };
  const nextPause = startPace({ longestMs: LONGEST_PAUSE_MS });
  const keepMarked = openRenewal(request, calls);
  let failedAt: number | null = null;
  return await waitFor<Settled>(
    async () => {
      await keepMarked();
      const found = await tryRestore(request, io.clock.now() - startedAt);
      failedAt = found.status === 'failed' ? (failedAt ?? io.clock.now()) : null;
      const isFinal = failedAt !== null && io.clock.now() - failedAt >= FINAL_AFTER_MS;
      const lateForMs = mayStillArriveMs(found.status, { request, startedAt, unanswered: calls.unanswered });
      const leftMs = deadline - io.clock.now() - LAST_POLL_MS;
      if (isSettled(found) && Math.min(lateForMs, leftMs) > 0) return untilLateCallsAreOver(found, lateForMs);
      if (isSettled(found) && (found.status !== 'failed' || isFinal)) return { done: true, value: found };
      progress.requested ||= found.status === 'progressing' && found.requested;
      progress.failure = found.status === 'error' ? found.failure : null;
      progress.lastSeen = found.status === 'error' ? progress.lastSeen : found.message;
      return notYet(found, nextPause);
    },
    wait,
    io,
  );
}

interface Sent {
  readonly request: RestoreRequest;
  /** Of the restoration, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly unanswered: Unanswered;
}

/**
 * How much longer a request of the rollout may take effect, in milliseconds. What a main step had sent when it was killed, no one
 * knows: where nothing of it is seen, it is waited for as one that got no answer.
 */
function mayStillArriveMs(status: string, { request, startedAt, unanswered }: Sent): number {
  if (status === 'superseded') return 0;
  const isUnseen = status === 'untouched' && request.unanswered === undefined;
  return lateMs(isUnseen ? { at: startedAt } : unanswered, request);
}

/** One poll. @throws what `Workload.restore` throws */
export async function restoreOnce(
  { workload, entry }: Pick<RollbackRequest, 'workload' | 'entry'>,
  elapsedMs: number,
): Promise<Restoration> {
  return await workload.restore(entry.point, entry.mark as ChangeMark, elapsedMs);
}

/** The restoration may take longer than the marker holds. */
function openRenewal({ workload, io }: RestoreRequest, calls: Parameters<typeof tryRenew>[0]): () => Promise<void> {
  let renewAt = io.clock.now() + MARKER_HOLDS_MS / 4;
  return async () => {
    if (io.clock.now() < renewAt) return;
    renewAt = io.clock.now() + MARKER_HOLDS_MS / 2;
    await tryRenew(calls, { workload, io }, markedUntil(io));
  };
}

function untilLateCallsAreOver({ message }: Settled, leftMs: number): Poll<Settled> {
  const left = formatDuration(leftMs);
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
    if (!mayPassInRollback(error)) throw error;
    return { status: 'error', failure: describeError(error) };
  }
}

/** Of whatever is called for a rollback: what this very process can't do, no repetition changes. Anything else may pass. */
export function mayPassInRollback(error: unknown): boolean {
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
