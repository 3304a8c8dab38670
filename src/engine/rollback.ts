import { DeployError, describeError } from '../model/errors.ts';
import { endAs, type Outcome, type OutcomeKind } from '../model/outcome.ts';
import { joinSentences } from '../model/sentences.ts';
import type { ChangeMark, Restoration } from '../model/workload.ts';
import { runPhase } from './phase.ts';
import type { RollbackRequest } from './rollout.ts';
import { verifyRestored } from './verify-restored.ts';
import { type Poll, waitFor } from './wait.ts';

const START_BUDGET_MS = 4_000;

/** Said wherever our change was made and does not serve. */
export const unusedRevision =
  'The new revision may stay registered without being used: an audit trail, nothing to undo.';

/**
 * Restores what the journal's entry remembers, waits for it and verifies it. One function for main and post, repeatable
 * from any point; the outcome is derived here, from the restoration's answer, once.
 */
export async function rollBack(request: RollbackRequest): Promise<Outcome> {
  const { entry, journal, record, io } = request;
  const ending = await runPhase('Roll back', record, io, () => restoreAndVerify(request));
  journal.write({ ...entry, phase: 'closed', outcome: ending.kind });
  const isRestored = ending.kind === 'rolled-back' || ending.kind === 'refused';
  return endAs(ending.kind, {
    revision: isRestored ? (ending.revision ?? entry.point.revision) : null,
    previousRevision: entry.point.revision,
    failure: entry.failure,
    notes: isRestored ? [...ending.notes, unusedRevision] : ending.notes,
  });
}

/** Sends the first request of the rollback, without waiting for its end. Says what went wrong, and throws nothing. */
export async function startRollback(request: Omit<RollbackRequest, 'timeoutMs'>): Promise<void> {
  const { io } = request;
  const never = new AbortController().signal;
  try {
    const deadline = io.clock.now() + START_BUDGET_MS;
    const wait = { what: 'the rollback to be accepted', deadline, signal: never };
    const restoration = await waitFor(
      async () => {
        const found = await restoreOnce(request, 0);
        return found.status !== 'progressing' || found.requested ? done(found) : notYet(found);
      },
      wait,
      io,
    );
    io.log.info(joinSentences(restoration.message, 'The post step waits for it and verifies it'));
  } catch (error) {
    io.log.info(joinSentences(describeError(error).message, 'The post step continues the rollback'));
  }
}

type Settled = Exclude<Restoration, { status: 'progressing' }>;

interface Ending {
  readonly kind: OutcomeKind;
  /** What serves now, where it isn't what the restore point names. */
  readonly revision?: string | undefined;
  readonly notes: readonly string[];
}

async function restoreAndVerify(request: RollbackRequest): Promise<Ending> {
  const { workload, entry } = request;
  const byHand = `To check or repair it by hand: ${workload.restoreCommand(entry.point)}`;
  const progress = { requested: false };
  try {
    const restoration = await waitUntilRestored(request, progress);
    return await endingOf(restoration, request, byHand);
  } catch (error) {
    const failure = describeError(error);
    const timedOut = error instanceof DeployError && error.code === 'TIMEOUT';
    const kind = timedOut && progress.requested ? 'rollback-unconfirmed' : 'rollback-failed';
    const next = failure.hint === null ? [] : [`Next step: ${failure.hint}`];
    return { kind, notes: [`Rollback: ${failure.message}`, ...next, byHand] };
  }
}

async function waitUntilRestored(request: RollbackRequest, progress: { requested: boolean }): Promise<Settled> {
  const { entry, timeoutMs, io } = request;
  const startedAt = io.clock.now();
  const { revision } = entry.point;
  const wait = {
    what: revision === null ? 'what this run created to be deleted' : `${revision} to serve again`,
    deadline: startedAt + timeoutMs,
    // A rollback that was begun is never given up half-way because of a second signal.
    signal: new AbortController().signal,
  };
  return await waitFor(
    async () => {
      const found = await restoreOnce(request, io.clock.now() - startedAt);
      if (found.status !== 'progressing') return done(found);
      progress.requested ||= found.requested;
      return notYet(found);
    },
    wait,
    io,
  );
}

async function restoreOnce(
  { workload, entry }: Pick<RollbackRequest, 'workload' | 'entry'>,
  elapsedMs: number,
): Promise<Restoration> {
  return await workload.restore(entry.point, entry.mark as ChangeMark, elapsedMs);
}

async function endingOf(restoration: Settled, request: RollbackRequest, byHand: string): Promise<Ending> {
  const { message, status } = restoration;
  switch (status) {
    case 'restored': {
      const { by, revision } = restoration;
      const said = by === 'us' ? message : `${message} (by the platform)`;
      return { ...(await verifiedEnding(said, request, byHand)), revision };
    }
    case 'untouched':
      return { kind: 'refused', notes: [message] };
    case 'superseded':
      return { kind: 'superseded', notes: [message] };
    case 'failed':
      return { kind: 'rollback-failed', notes: [message, byHand] };
  }
}

async function verifiedEnding(message: string, request: RollbackRequest, byHand: string): Promise<Ending> {
  const { serves, notes } = await verifyRestored(request);
  if (serves) return { kind: 'rolled-back', notes: [message, ...notes] };
  return { kind: 'rollback-unconfirmed', notes: [message, ...notes, byHand] };
}

function done<T>(value: T): Poll<T> {
  return { done: true, value };
}

function notYet(restoration: Restoration): Poll<never> {
  return { done: false, message: restoration.message };
}
