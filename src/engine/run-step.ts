import type { Operation, TrafficControl } from '../model/workload.ts';
import type { Step } from '../strategies/strategy.ts';
import { bake } from './bake.ts';
import { ensureSucceeded } from './ensure-succeeded.ts';
import { paceOf } from './pace.ts';
import { runPhase } from './phase.ts';
import type { Progress } from './progress.ts';
import type { Rollout } from './rollout.ts';
import { smokeTest } from './smoke-test.ts';
import { superseded } from './superseded.ts';
import { waitFor } from './wait.ts';

/** @throws DeployError for whatever has to be answered with the way back */
export async function runStep(step: Step, progress: Progress, rollout: Rollout): Promise<void> {
  const { record, io } = rollout;
  io.signal.throwIfAborted();
  switch (step.kind) {
    case 'deploy':
      return await runPhase('Roll out', record, io, () => rollOut(step.takeTraffic, progress, rollout));
    case 'smoke-test':
      return await smokeTest(step.against, progress, rollout);
    case 'set-weight':
      return await runPhase(`Traffic ${step.percent} %`, record, io, () => setWeight(step.percent, progress, rollout));
    case 'bake':
      return await runPhase(`Judge at ${step.percent} %`, record, io, () => bake(step, progress, rollout));
    case 'finish':
      if (!rollout.workload.traffic) return;
      return await runPhase('Finish', record, io, () => finishTraffic(progress, rollout));
    case 'confirm':
      return await confirm(progress, rollout);
  }
}

async function rollOut(takeTraffic: boolean, progress: Progress, rollout: Rollout): Promise<void> {
  const { workload, change, journal, io } = rollout;
  const { point } = progress.entry;
  const mark = await workload.prepare(change);
  progress.entry = { ...progress.entry, phase: 'sending', mark };
  journal.write(progress.entry);
  io.signal.throwIfAborted();
  await workload.deploy(mark, point, { takeTraffic });
  const operation = await waitFor(
    async () => {
      const found = await workload.findOperation(mark, point);
      return found ? { done: true, value: found } : { done: false, message: 'sent; the platform does not list it yet' };
    },
    { what: 'our deployment to be listed', deadline: progress.deadline, signal: io.signal },
    io,
  );
  progress.operation = operation;
  io.log.info(`our deployment: ${operation.id} (${operation.revision})`);
  await waitUntilDone(progress, rollout, `${operation.revision} to be up and healthy`);
  if (!takeTraffic) return await notePreview(operation, rollout);
  // The platform's own rollout leaves alone what somebody has pinned to a revision.
  if (workload.traffic) await setWeight(100, progress, rollout);
}

async function notePreview(operation: Operation, { workload, record, io }: Rollout): Promise<void> {
  const preview = await workload.traffic?.preview(operation);
  if (!preview) return;
  record.previewUrl = preview.url;
  io.log.info(`${operation.revision} gets no traffic yet; it answers at ${preview.url}`);
}

function setWeight(percent: number, progress: Progress, rollout: Rollout): Promise<void> {
  const { point } = progress.entry;
  const what = `${progress.operation!.revision} to get ${percent} % of the traffic`;
  return moveTraffic(what, progress, { rollout, send: (traffic, ours) => traffic.setWeight(ours, percent, point) });
}

function finishTraffic(progress: Progress, rollout: Rollout): Promise<void> {
  const { point } = progress.entry;
  const what = `${progress.operation!.revision} to be the only one that serves`;
  return moveTraffic(what, progress, { rollout, send: (traffic, ours) => traffic.finish(ours, point) });
}

interface Move {
  readonly rollout: Rollout;
  readonly send: (traffic: TrafficControl, ours: Operation) => Promise<Operation>;
}

/** The request may be repeated, so one whose answer was lost is sent again. */
async function moveTraffic(what: string, progress: Progress, { rollout, send }: Move): Promise<void> {
  const { workload, io } = rollout;
  const [traffic, ours] = [workload.traffic!, progress.operation!];
  const { signal } = io;
  progress.operation = await waitFor(
    async () => ({ done: true, value: await send(traffic, ours) }),
    { what, deadline: progress.deadline, signal },
    io,
  );
  await waitUntilDone(progress, rollout, what);
}

async function waitUntilDone(progress: Progress, { workload, io }: Rollout, what: string): Promise<void> {
  const operation = progress.operation!;
  const last = await waitFor(
    async () => {
      const observation = await workload.observe(operation);
      return observation.status === 'progressing'
        ? { done: false, ...observation }
        : { done: true, value: observation };
    },
    { what, deadline: progress.deadline, signal: io.signal, pauseMs: paceOf(operation, io.clock) },
    io,
  );
  ensureSucceeded(last, operation);
  io.log.info(last.message);
}

/** A change of somebody else's during the smoke tests would make their result a lie. */
async function confirm(progress: Progress, { workload }: Rollout): Promise<void> {
  const { mark } = progress.entry;
  if (mark !== null && (await workload.isLive(mark))) return;
  throw superseded(`could not confirm ${progress.operation?.revision}: something else is live now`);
}
