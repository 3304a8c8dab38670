import { neverAborted } from '../io/signals.ts';
import { describeError, type Failure } from '../model/errors.ts';
import { endAs, type Outcome, type OutcomeKind, type UnfinishedRollback } from '../model/outcome.ts';
import { joinSentences } from '../model/sentences.ts';
import { tryToJournal } from './journal.ts';
import { runPhase } from './phase.ts';
import { type RestoreProgress, restoreOnce, restorePersistently, type Settled } from './restore-persistently.ts';
import type { RollbackRequest } from './rollout.ts';
import { verifyRestored } from './verify-restored.ts';
import { waitFor } from './wait.ts';

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
  const isRestored = ending.kind === 'rolled-back' || ending.kind === 'refused';
  const { rollback = null } = ending;
  const notes = isRestored ? [...ending.notes, unusedRevision] : ending.notes;
  tryToJournal(journal, { ...entry, phase: 'closed', outcome: ending.kind, notes, rollback }, io);
  return endAs(ending.kind, {
    revision: isRestored ? (ending.revision ?? entry.point.revision) : null,
    previousRevision: entry.point.revision,
    failure: entry.failure,
    rollback,
    notes,
  });
}

/** Sends the first request of the rollback, without waiting for its end. Says what went wrong, and throws nothing. */
export async function startRollback(request: Omit<RollbackRequest, 'timeoutMs'>): Promise<void> {
  const { io } = request;
  try {
    const deadline = io.clock.now() + START_BUDGET_MS;
    const wait = { what: 'the rollback to be accepted', deadline, signal: neverAborted };
    const restoration = await waitFor(
      async () => {
        const found = await restoreOnce(request, 0);
        const isTaken = found.status !== 'progressing' || found.requested;
        return isTaken ? { done: true, value: found } : { done: false, message: found.message };
      },
      wait,
      io,
    );
    io.log.info(joinSentences(restoration.message, 'The post step waits for it and verifies it'));
  } catch (error) {
    io.log.info(joinSentences(describeError(error).message, 'The post step continues the rollback'));
  }
}

interface Ending {
  readonly kind: OutcomeKind;
  /** What serves now, where it isn't what the restore point names. */
  readonly revision?: string | undefined;
  readonly rollback?: UnfinishedRollback;
  readonly notes: readonly string[];
}

async function restoreAndVerify(request: RollbackRequest): Promise<Ending> {
  const { workload, entry } = request;
  const command = workload.restoreCommand(entry.point);
  const progress: RestoreProgress = { requested: false, failure: null, lastSeen: null };
  try {
    const restoration = await restorePersistently(request, progress);
    return await endingOf(restoration, request, command);
  } catch (error) {
    const failure = progress.failure ?? describeError(error);
    // A time-out says it itself.
    const seen = progress.failure && progress.lastSeen ? [`Seen before that: ${progress.lastSeen}`] : [];
    return unfinished(progress.requested ? 'rollback-unconfirmed' : 'rollback-failed', failure, command, seen);
  }
}

function unfinished(
  kind: 'rollback-unconfirmed' | 'rollback-failed',
  failure: Failure,
  command: string,
  notes: readonly string[] = [],
): Ending {
  const next = failure.hint === null ? [] : [`Next step: ${failure.hint}`];
  const byHand = `To check or repair it by hand: ${command}`;
  return { kind, rollback: { failure, command }, notes: [`Rollback: ${failure.message}`, ...next, ...notes, byHand] };
}

async function endingOf(restoration: Settled, request: RollbackRequest, command: string): Promise<Ending> {
  const { message, status } = restoration;
  switch (status) {
    case 'restored': {
      const { by, revision } = restoration;
      const said = by === 'us' ? message : `${message} (by the platform)`;
      return { ...(await verifiedEnding(said, request, command)), revision };
    }
    case 'untouched':
      return { kind: 'refused', notes: [message] };
    case 'superseded':
      return { kind: 'superseded', notes: [message] };
    case 'failed':
      return unfinished('rollback-failed', { code: 'ROLLBACK_FAILED', message, hint: null }, command);
  }
}

async function verifiedEnding(message: string, request: RollbackRequest, command: string): Promise<Ending> {
  const { serves, notes } = await verifyRestored(request);
  if (serves) return { kind: 'rolled-back', notes: [message, ...notes] };
  const failure: Failure = {
    code: 'SMOKE_TEST_FAILED',
    message: `smoke tests do not pass on ${request.entry.point.revision} either, so it is not known to serve`,
    hint: 'Check the service: the smoke tests may ask for something that the previous revision does not have.',
  };
  return unfinished('rollback-unconfirmed', failure, command, [message, ...notes]);
}
