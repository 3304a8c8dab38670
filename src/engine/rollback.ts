import { startPace } from '../io/pace.ts';
import { neverAborted } from '../io/signals.ts';
import { DeployError, describeError, type Failure } from '../model/errors.ts';
import { endAs, type Outcome, type OutcomeKind, type UnfinishedRollback } from '../model/outcome.ts';
import { joinSentences } from '../model/sentences.ts';
import type { ChangeMark, Restoration } from '../model/workload.ts';
import { tryToJournal } from './journal.ts';
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
  tryToJournal(journal, { ...entry, phase: 'closed', outcome: ending.kind }, io);
  const isRestored = ending.kind === 'rolled-back' || ending.kind === 'refused';
  return endAs(ending.kind, {
    revision: isRestored ? (ending.revision ?? entry.point.revision) : null,
    previousRevision: entry.point.revision,
    failure: entry.failure,
    rollback: ending.rollback ?? null,
    notes: isRestored ? [...ending.notes, unusedRevision] : ending.notes,
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

type Settled = Exclude<Restoration, { status: 'progressing' | 'failed' }>;

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
  const progress: RollbackProgress = { requested: false, failure: null };
  try {
    const restoration = await waitUntilRestored(request, progress);
    return await endingOf(restoration, request, command);
  } catch (error) {
    const failure = progress.failure ?? describeError(error);
    return unfinished(progress.requested ? 'rollback-unconfirmed' : 'rollback-failed', failure, command);
  }
}

/** `requested`: the platform has taken it once. `failure`: of the last poll, where that failed. */
interface RollbackProgress {
  requested: boolean;
  failure: Failure | null;
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

const LONGEST_PAUSE_MS = 30_000;

/** A rollback is not given up while there is time: whatever a poll fails with may pass, or be fixed by a colleague. */
async function waitUntilRestored(request: RollbackRequest, progress: RollbackProgress): Promise<Settled> {
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
  return await waitFor(
    async () => {
      progress.failure = null;
      try {
        const found = await restoreOnce(request, io.clock.now() - startedAt);
        if (found.status === 'failed') return tryAgain({ code: 'ROLLBACK_FAILED', message: found.message, hint: null });
        if (found.status !== 'progressing') return done(found);
        progress.requested ||= found.requested;
        return notYet(found);
      } catch (error) {
        if (!mayPass(error)) throw error;
        return tryAgain(describeError(error));
      }
    },
    wait,
    io,
  );

  function tryAgain(failure: Failure): Poll<never> {
    progress.failure = failure;
    return { done: false, message: `${failure.message} (trying again)`, pollAfterMs: nextPause() };
  }
}

/** What this very process can't do, no repetition changes. */
function mayPass(error: unknown): boolean {
  return !(error instanceof DeployError) || !['JOURNAL_INVALID', 'INPUT_INVALID'].includes(error.code);
}

async function restoreOnce(
  { workload, entry }: Pick<RollbackRequest, 'workload' | 'entry'>,
  elapsedMs: number,
): Promise<Restoration> {
  return await workload.restore(entry.point, entry.mark as ChangeMark, elapsedMs);
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

function done<T>(value: T): Poll<T> {
  return { done: true, value };
}

function notYet(restoration: Restoration): Poll<never> {
  return { done: false, message: restoration.message };
}
