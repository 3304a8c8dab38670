import { isCancelled } from '../io/signals.ts';
import { ConflictError } from '../model/conflict.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import { describeError, type Failure } from '../model/errors.ts';
import { endAs, type Outcome } from '../model/outcome.ts';
import type { RestorePoint } from '../model/restore-point.ts';
import { joinSentences } from '../model/sentences.ts';
import { ensureRollbackTarget } from './check-rollback-target.ts';
import { removeMarker } from './hold-marker.ts';
import { type JournalEntry, tryToJournal } from './journal.ts';
import { outlastLateCalls } from './late-call.ts';
import { runPhase } from './phase.ts';
import { rollBack, startRollback, unusedRevision } from './rollback.ts';
import type { Progress, Rollout } from './rollout.ts';
import { runStep } from './run-step.ts';
import { smokeTest } from './smoke-test.ts';

/**
 * Makes one change live, or restores the previous state.
 * The order is what survives a kill or a lost answer at any point: note the current state -> make the change -> journal
 * its mark -> send -> find our own operation -> wait for that -> smoke test, shift traffic, analyze -> read live once
 * more -> close the journal.
 *
 * @throws DeployError when nothing was sent yet (the caller says `refused`), or CANCELLED (post says how it ended).
 */
export async function deploy(rollout: Rollout): Promise<Outcome> {
  const { workload, change, journal, record, io } = rollout;
  const point = await runPhase('Read the current state', record, io, () => readCurrentState(rollout));
  const plan = await workload.plan(change);
  if (plan.unchanged && !rollout.force) return await confirmUnchanged(rollout, point);
  await ensureRollbackTarget(point, rollout);
  record.differences = plan.differences;
  record.size = plan.size ?? null;
  for (const difference of plan.differences) io.log.info(difference);
  for (const warning of plan.warnings ?? []) io.log.warning(warning);

  const progress = startProgress(rollout, point);
  const { steps } = rollout;
  journal.write(progress.entry);
  const outcome = steps.some(({ kind }) => kind === 'confirm') ? 'deployed' : 'previewed';
  try {
    for (const step of steps) await runStep(step, progress, rollout);
    if (outcome === 'previewed') await endUnfinished(progress, rollout);
    // What post can't read, it rolls back: so a deploy whose end can't be journaled has failed.
    journal.write({ ...progress.entry, phase: 'closed', outcome, notes: progress.operation?.notes });
  } catch (error) {
    return await handleFailure(error, progress, rollout);
  }
  const { revision = null, notes = [] } = progress.operation ?? {};
  if (outcome === 'deployed' && point.revision !== null) record.restoreCommand = workload.restoreCommand(point);
  return endAs(outcome, { revision, previousRevision: point.revision, notes });
}

/** The last request of a rollout that ends without giving all traffic to our revision. @throws the signal's reason */
async function endUnfinished(progress: Progress, rollout: Rollout): Promise<void> {
  await outlastLateCalls(progress, rollout);
  await removeMarker(progress.entry, rollout);
}

function startProgress({ image, deadline }: Rollout, point: RestorePoint): Progress {
  const entry: JournalEntry = { version: 1, phase: 'open', image, point, mark: null, failure: null, outcome: null };
  return { entry, operation: null, share: null, markedUntil: null, unanswered: { at: null }, deadline };
}

async function readCurrentState(rollout: Rollout): Promise<RestorePoint> {
  const { workload, run, io } = rollout;
  const captured = await workload.capture();
  const point = run ? { ...captured, run } : captured;
  if (point.revision === null) io.log.info('nothing is live yet: a rollback deletes what this run creates');
  else io.log.info(`live now: ${point.revision} (this is what a rollback restores)`);
  return point;
}

async function confirmUnchanged(rollout: Rollout, point: RestorePoint): Promise<Outcome> {
  rollout.io.log.info('Everything that would be sent is already live and healthy: nothing to roll out.');
  await smokeTest('live', startProgress(rollout, point), rollout);
  const { revision } = point;
  return endAs('unchanged', { revision, previousRevision: revision });
}

async function handleFailure(error: unknown, progress: Progress, rollout: Rollout): Promise<Outcome> {
  const { journal, io, signal } = rollout;
  const { mark, point } = progress.entry;
  const failure = describeError(signal.aborted ? signal.reason : error);
  if (isConflict(error, progress)) {
    journal.write({ ...progress.entry, phase: 'open', mark: null });
    throw error;
  }
  // Nothing that can go live was sent: whatever went wrong, no workload was touched.
  if (mark === null) return refuse(error, progress, rollout);
  progress.entry = { ...progress.entry, phase: 'rolling-back', failure };
  if (isCancelled(signal)) return await leaveToPost(progress, rollout);
  const isUndone = failure.code === 'ROLLED_BACK_BY_PLATFORM' || failure.code === 'SUPERSEDED';
  if (rollout.onFailure === 'keep' && !isUndone) return await keep(failure, progress, rollout);
  // Before the diagnosis: a kill while it reads must not be taken for a cancel.
  tryToJournal(journal, progress.entry, io);
  const diagnosis = await tryDiagnose(progress, rollout);
  const rollback = point.revision === null ? 'Deleting what this run created' : `Rolling back to ${point.revision}`;
  io.log.info(joinSentences(failure.message, isUndone ? 'Reading what serves now' : rollback));
  const { entry, unanswered } = progress;
  const outcome = await rollBack({ ...rollout, entry, unanswered, timeoutMs: rollout.rollbackTimeoutMs });
  return { ...outcome, diagnosis, notes: [...outcome.notes, ...(progress.operation?.notes ?? [])] };
}

/** After a request that got no answer, nothing says that none of ours was sent. */
function isConflict(error: unknown, { operation, unanswered }: Progress): boolean {
  return error instanceof ConflictError && operation === null && unanswered.at === null;
}

async function keep(failure: Failure, progress: Progress, rollout: Rollout): Promise<Outcome> {
  const { point } = progress.entry;
  await endUnfinished(progress, rollout);
  const notes = [`Kept, as \`on-failure: keep\` says. To roll back: ${rollout.workload.restoreCommand(point)}`];
  tryToJournal(rollout.journal, { ...progress.entry, phase: 'closed', outcome: 'kept', notes }, rollout.io);
  const diagnosis = await tryDiagnose(progress, rollout);
  const revision = progress.operation?.revision ?? null;
  return endAs('kept', { revision, previousRevision: point.revision, failure, diagnosis, notes });
}

/** @throws the error, unless there is more to say: an answer that was lost may have left a revision behind. */
function refuse(error: unknown, { entry }: Progress, { signal }: Rollout): Outcome {
  const failure = describeError(error);
  if (signal.aborted || failure.code !== 'NETWORK') throw error;
  const { revision } = entry.point;
  return endAs('refused', { revision, previousRevision: revision, failure, notes: [unusedRevision] });
}

/** There are 7.5 seconds now: request the rollback, leave the waiting and the verification to the post step. */
async function leaveToPost(progress: Progress, rollout: Rollout): Promise<never> {
  if (rollout.onCancel === 'rollback') {
    tryToJournal(rollout.journal, progress.entry, rollout.io);
    await startRollback({ ...rollout, entry: progress.entry });
  }
  throw rollout.signal.reason;
}

async function tryDiagnose(progress: Progress, rollout: Rollout): Promise<Diagnosis | null> {
  const { operation } = progress;
  if (!operation) return null;
  const { io, workload } = rollout;
  try {
    const diagnosis = await workload.diagnose(operation);
    await io.log.group('Why', async () => {
      io.log.foreign(diagnosis.facts);
      for (const { source, lines } of diagnosis.logs) {
        io.log.info(`last log lines of ${source}:`);
        io.log.foreign(lines);
      }
    });
    return diagnosis;
  } catch (error) {
    io.log.info(`could not read more about the failure: ${describeError(error).message}`);
    return null;
  }
}
