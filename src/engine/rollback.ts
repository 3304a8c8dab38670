import { DeployError, describeError } from '../model/errors.ts';
import { endAs, type Outcome, type OutcomeKind } from '../model/outcome.ts';
import type { ChangeMark, Restoration, Workload } from '../model/workload.ts';
import type { JournalEntry } from './journal.ts';
import { runPhase } from './phase.ts';
import type { WayBack } from './rollout.ts';
import { verifyRestored } from './verify-restored.ts';
import { type Look, waitFor } from './wait.ts';

const START_BUDGET_MS = 4_000;

/** Said wherever our change was made and does not serve. */
export const unusedRevision =
  'The new revision may stay registered without being used: an audit trail, nothing to undo.';

/**
 * Puts back what the journal's entry remembers, waits for it and proves it. One function for main and post, repeatable
 * from any point; the outcome is derived here, from the restoration's answer, once.
 */
export async function rollBack(way: WayBack): Promise<Outcome> {
  const { entry, journal, record, io } = way;
  const ending = await runPhase('Roll back', record, io, () => restoreAndVerify(way));
  journal.write({ ...entry, phase: 'closed', outcome: ending.kind });
  const backAgain = ending.kind === 'rolled-back' || ending.kind === 'refused';
  return endAs(ending.kind, {
    revision: backAgain ? (ending.revision ?? entry.point.revision) : null,
    previousRevision: entry.point.revision,
    failure: entry.failure,
    notes: backAgain ? [...ending.notes, unusedRevision] : ending.notes,
  });
}

/** Sends the first request of the way back, without waiting for its end. Says what went wrong, and throws nothing. */
export async function startRollback(way: Omit<WayBack, 'timeoutMs'>): Promise<void> {
  const { io } = way;
  const never = new AbortController().signal;
  try {
    const deadline = io.clock.now() + START_BUDGET_MS;
    const wait = { what: 'the rollback to be accepted', deadline, signal: never };
    const restoration = await waitFor(
      async () => {
        const found = await lookAtWayBack(way, 0);
        return found.status !== 'progressing' || found.requested ? done(found) : notYet(found);
      },
      wait,
      io,
    );
    io.log.info(`${restoration.message}. The post step waits for it and proves it.`);
  } catch (error) {
    io.log.info(`${describeError(error).message}. The post step goes on with the rollback.`);
  }
}

type Settled = Exclude<Restoration, { status: 'progressing' }>;

interface Ending {
  readonly kind: OutcomeKind;
  /** What serves now, where it isn't what the restore point names. */
  readonly revision?: string | undefined;
  readonly notes: readonly string[];
}

async function restoreAndVerify(way: WayBack): Promise<Ending> {
  const { workload, entry } = way;
  const byHand = `To check or repair it by hand: ${workload.restoreCommand(entry.point)}`;
  const progress = { requested: false };
  try {
    const restoration = await waitUntilRestored(way, progress);
    return await endingOf(restoration, way, byHand);
  } catch (error) {
    const failure = describeError(error);
    const timedOut = error instanceof DeployError && error.code === 'TIMEOUT';
    const kind = timedOut && progress.requested ? 'rollback-unconfirmed' : 'rollback-failed';
    const next = failure.hint === null ? [] : [`Next step: ${failure.hint}`];
    return { kind, notes: [`The way back: ${failure.message}`, ...next, byHand] };
  }
}

async function waitUntilRestored(way: WayBack, progress: { requested: boolean }): Promise<Settled> {
  const { entry, timeoutMs, io } = way;
  const startedAt = io.clock.now();
  const wait = {
    what: `${entry.point.revision} to serve again`,
    deadline: startedAt + timeoutMs,
    // A revert that was begun is never given up half-way because of a second signal.
    signal: new AbortController().signal,
  };
  return await waitFor(
    async () => {
      const found = await lookAtWayBack(way, io.clock.now() - startedAt);
      if (found.status !== 'progressing') return done(found);
      progress.requested ||= found.requested;
      return notYet(found);
    },
    wait,
    io,
  );
}

async function lookAtWayBack(
  { workload, entry }: { workload: Workload; entry: JournalEntry },
  elapsedMs: number,
): Promise<Restoration> {
  return await workload.restore(entry.point, entry.mark as ChangeMark, elapsedMs);
}

async function endingOf(restoration: Settled, way: WayBack, byHand: string): Promise<Ending> {
  const { message, status } = restoration;
  switch (status) {
    case 'restored': {
      const { by, revision } = restoration;
      return { ...(await provenEnding(by === 'us' ? message : `${message} (by the platform)`, way, byHand)), revision };
    }
    case 'untouched':
      return { kind: 'refused', notes: [message] };
    case 'superseded':
      return { kind: 'superseded', notes: [message] };
    case 'failed':
      return { kind: 'rollback-failed', notes: [message, byHand] };
  }
}

async function provenEnding(message: string, way: WayBack, byHand: string): Promise<Ending> {
  const proof = await verifyRestored(way);
  if (proof.serves) return { kind: 'rolled-back', notes: [message, ...proof.notes] };
  return { kind: 'rollback-unconfirmed', notes: [message, ...proof.notes, byHand] };
}

function done<T>(value: T): Look<T> {
  return { done: true, value };
}

function notYet(restoration: Restoration): Look<never> {
  return { done: false, message: restoration.message };
}
