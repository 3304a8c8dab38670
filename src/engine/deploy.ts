import { DeployError, describeError, type Failure } from '../model/errors.ts';
import { endAs, type Outcome } from '../model/outcome.ts';
import type { Diagnosis, Operation, RestorePoint } from '../model/workload.ts';
import type { Step } from '../strategies/strategy.ts';
import type { JournalEntry } from './journal.ts';
import { runPhase } from './phase.ts';
import { rollBack, startRollback, unusedRevision } from './rollback.ts';
import type { Rollout } from './rollout.ts';
import { smokeTest } from './smoke-test.ts';
import { waitFor } from './wait.ts';

/**
 * Puts one change live, or puts back what ran before.
 * The order is what survives a kill or a lost answer at any point: remember -> make -> write down its mark -> send ->
 * find our own operation -> wait for that -> smoke test -> look once more -> close the journal.
 *
 * @throws DeployError when nothing was sent yet (the caller says `refused`), or CANCELLED (post says how it ended).
 */
export async function deploy(rollout: Rollout): Promise<Outcome> {
  const { workload, change, journal, record, io } = rollout;
  const point = await runPhase('Look at what runs now', record, io, () => lookAtPresent(rollout));
  const plan = await workload.plan(change);
  if (plan.unchanged && !rollout.force) return await confirmUnchanged(rollout, point);
  for (const difference of plan.differences) io.log.info(difference);

  const progress = new Progress({
    version: 1,
    phase: 'open',
    image: rollout.image,
    point,
    mark: null,
    failure: null,
    outcome: null,
  });
  journal.write(progress.entry);
  try {
    for (const step of rollout.strategy.plan(workload.capabilities)) await runStep(step, progress, rollout);
    await ensureStillLive(progress, rollout);
  } catch (error) {
    return await endBadly(error, progress, rollout);
  }
  journal.write({ ...progress.entry, phase: 'closed', outcome: 'deployed' });
  return endAs('deployed', { revision: progress.operation?.revision ?? null, previousRevision: point.revision });
}

const ONE_AT_A_TIME = 'Let one workflow at a time deploy to the service: use `concurrency`.';

/** How far this run has come. */
class Progress {
  entry: JournalEntry;
  operation: Operation | null = null;

  constructor(entry: JournalEntry) {
    this.entry = entry;
  }
}

async function lookAtPresent(rollout: Rollout): Promise<RestorePoint> {
  const { workload, deadline, io } = rollout;
  try {
    await waitFor(
      async () => {
        const { status, message } = await workload.readiness();
        return status === 'succeeded' ? { done: true, value: null } : { done: false, message };
      },
      { what: `${workload.resource} to be free`, deadline, signal: io.signal },
      io,
    );
  } catch (error) {
    throw error instanceof DeployError && error.code === 'TIMEOUT' ? busy(error, workload.resource) : error;
  }
  const point = await workload.capture();
  io.log.info(`live now: ${point.revision} (this is what a revert would restore)`);
  return point;
}

function busy(error: DeployError, resource: string): DeployError {
  return new DeployError('BUSY', `could not start a deployment of ${resource}: ${error.message}`, {
    hint: "Somebody else's deployment is still running: wait for it or stop it, then run this job again.",
    cause: error,
  });
}

async function confirmUnchanged(rollout: Rollout, point: RestorePoint): Promise<Outcome> {
  rollout.io.log.info('Everything that would be sent is already live and healthy: nothing to roll out.');
  await smokeTest('live', { revision: point.revision, rollout });
  const { revision } = point;
  return endAs('unchanged', { revision, previousRevision: revision });
}

async function runStep(step: Step, progress: Progress, rollout: Rollout): Promise<void> {
  rollout.io.signal.throwIfAborted();
  switch (step.kind) {
    case 'deploy':
      return await runPhase('Roll out', rollout.record, rollout.io, () => rollOut(progress, rollout));
    case 'smoke-test':
      return await smokeTest(step.against, { revision: progress.operation?.revision ?? '', rollout });
  }
}

async function rollOut(progress: Progress, rollout: Rollout): Promise<void> {
  const { workload, change, journal, deadline, io } = rollout;
  const { point } = progress.entry;
  const mark = await workload.prepare(change);
  progress.entry = { ...progress.entry, phase: 'sending', mark };
  journal.write(progress.entry);
  io.signal.throwIfAborted();
  await workload.deploy(mark, point);
  const operation = await waitFor(
    async () => {
      const found = await workload.findOperation(mark, point);
      return found ? { done: true, value: found } : { done: false, message: 'sent; the platform does not list it yet' };
    },
    { what: 'our deployment to be listed', deadline, signal: io.signal },
    io,
  );
  progress.operation = operation;
  io.log.info(`our deployment: ${operation.id} (${operation.revision})`);
  await waitUntilDone(operation, rollout);
}

async function waitUntilDone(operation: Operation, rollout: Rollout): Promise<void> {
  const { workload, deadline, io } = rollout;
  const last = await waitFor(
    async () => {
      const observation = await workload.observe(operation);
      return observation.status === 'progressing'
        ? { done: false, ...observation }
        : { done: true, value: observation };
    },
    { what: `${operation.revision} to be live and healthy`, deadline, signal: io.signal },
    io,
  );
  if (last.status === 'succeeded') {
    io.log.info(last.message);
    return;
  }
  const code =
    last.reason === 'ROLLED_BACK_BY_PLATFORM' || last.reason === 'SUPERSEDED' ? last.reason : 'DEPLOY_FAILED';
  throw new DeployError(code, `could not roll out ${operation.revision}: ${last.message}`, {
    hint: ROLL_OUT_HINTS[code],
  });
}

const ROLL_OUT_HINTS = {
  ROLLED_BACK_BY_PLATFORM:
    'Read why the platform gave it up (log group "Why"), correct the image or its configuration, and run again.',
  SUPERSEDED: ONE_AT_A_TIME,
  DEPLOY_FAILED:
    'Read the facts and the container\'s last lines in the log group "Why", correct the image or its configuration, and run again.',
} as const;

/** A change of somebody else's during the smoke tests would make their result a lie. */
async function ensureStillLive(progress: Progress, rollout: Rollout): Promise<void> {
  const { mark } = progress.entry;
  if (mark !== null && (await rollout.workload.isLive(mark))) return;
  const message = `could not confirm ${progress.operation?.revision}: something else is live now`;
  throw new DeployError('SUPERSEDED', message, { hint: ONE_AT_A_TIME });
}

async function endBadly(error: unknown, progress: Progress, rollout: Rollout): Promise<Outcome> {
  const { journal, io } = rollout;
  const { mark, point } = progress.entry;
  const cancelled = io.signal.aborted;
  const failure = describeError(cancelled ? io.signal.reason : error);
  // Nothing that can go live was sent: whatever went wrong, no workload was touched.
  if (mark === null) return refuse(error, progress, rollout);
  progress.entry = { ...progress.entry, phase: 'reverting', failure };
  if (cancelled) return await leaveToPost(progress, rollout);
  const undoneAlready = failure.code === 'ROLLED_BACK_BY_PLATFORM' || failure.code === 'SUPERSEDED';
  if (rollout.onFailure === 'keep' && !undoneAlready) return await keep(failure, progress, rollout);
  // Before the diagnosis: a kill while it reads must not be taken for a cancel.
  journal.write(progress.entry);
  const diagnosis = await tryDiagnose(progress, rollout);
  io.log.info(
    `${failure.message}. ${undoneAlready ? 'Looking at what serves now' : `Rolling back to ${point.revision}`}.`,
  );
  const outcome = await rollBack({ ...rollout, entry: progress.entry, timeoutMs: rollout.rollbackTimeoutMs });
  return { ...outcome, diagnosis };
}

async function keep(failure: Failure, progress: Progress, rollout: Rollout): Promise<Outcome> {
  const { point } = progress.entry;
  rollout.journal.write({ ...progress.entry, phase: 'closed', outcome: 'kept' });
  const diagnosis = await tryDiagnose(progress, rollout);
  const revision = progress.operation?.revision ?? null;
  const goBack = rollout.workload.restoreCommand(point);
  const notes = [`Left as it is, as \`on-failure: keep\` asks. To go back: ${goBack}`];
  return endAs('kept', { revision, previousRevision: point.revision, failure, diagnosis, notes });
}

/** @throws the error, unless there is more to say: an answer that was lost may have left a revision behind. */
function refuse(error: unknown, { entry }: Progress, { io }: Rollout): Outcome {
  const failure = describeError(error);
  if (io.signal.aborted || failure.code !== 'NETWORK') throw error;
  const { revision } = entry.point;
  return endAs('refused', { revision, previousRevision: revision, failure, notes: [unusedRevision] });
}

/** There are 7.5 seconds now: ask for the way back, leave the waiting and the proof to the post step. */
async function leaveToPost(progress: Progress, rollout: Rollout): Promise<never> {
  if (rollout.onCancel === 'rollback') {
    rollout.journal.write(progress.entry);
    await startRollback({ ...rollout, entry: progress.entry });
  }
  throw rollout.io.signal.reason;
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
        io.log.info(`last lines of ${source}:`);
        io.log.foreign(lines);
      }
    });
    return diagnosis;
  } catch (error) {
    io.log.info(`could not find out more: ${describeError(error).message}`);
    return null;
  }
}
