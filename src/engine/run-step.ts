import { superseded } from '../model/superseded.ts';
import { formatShare, type Share, trafficBar } from '../model/traffic.ts';
import { noteUnanswered } from '../model/unanswered.ts';
import type { Operation } from '../model/workload.ts';
import type { Step } from '../strategies/strategy.ts';
import { bake } from './bake.ts';
import { ensureProven } from './ensure-proven.ts';
import { holdMarkerDuring, markedUntil } from './hold-marker.ts';
import { outlastLateCalls } from './late-call.ts';
import { runPhase } from './phase.ts';
import type { Progress, Rollout } from './rollout.ts';
import { sendChange } from './send-change.ts';
import { smokeTest } from './smoke-test.ts';
import { waitForAnswer } from './wait.ts';
import { waitForOperation } from './wait-for-operation.ts';

type StepOf<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** @throws DeployError for whatever has to be answered with a rollback */
export async function runStep(step: Step, progress: Progress, rollout: Rollout): Promise<void> {
  const { record, io, signal } = rollout;
  signal.throwIfAborted();
  switch (step.kind) {
    case 'deploy':
      return await runPhase('Roll out', record, io, () => rollOut(step, progress, rollout));
    case 'smoke-test':
      return await holdMarkerDuring(progress, rollout, () => smokeTest(step.against, progress, rollout));
    case 'set-weight':
    case 'advance':
      return await shiftTraffic(step, progress, rollout);
    case 'bake': {
      const share = formatShare(step.percent, progress.share ?? step.share);
      return await runPhase(`Analyze at ${share}`, record, io, () => bake(step, progress, rollout));
    }
    case 'finish':
      return await finishTraffic(progress, rollout);
    case 'confirm':
      return await confirm(progress, rollout);
  }
}

async function rollOut(step: StepOf<'deploy'>, progress: Progress, rollout: Rollout): Promise<void> {
  const { takeTraffic, shifts, firstShare = 0 } = step;
  const { workload, change, journal, io, signal } = rollout;
  const prepared = await workload.prepare(change);
  progress.entry = { ...progress.entry, phase: 'sending', mark: prepared.mark };
  journal.write(progress.entry);
  signal.throwIfAborted();
  const until = markedUntil(io);
  const plan = { takeTraffic, shifts, firstShare, markedUntil: until };
  const operation = await sendChange(prepared, plan, { progress, rollout });
  progress.markedUntil = until;
  progress.operation = operation;
  rollout.record.deployment = operation.id;
  const id = operation.id.split('/').at(-1);
  io.log.info(`our deployment: ${operation.revision}${id === operation.revision ? '' : ` (${id})`}`);
  const up = await waitForOperation(progress, rollout, `${operation.revision} to be up and healthy`);
  await ensureProven(up, progress, rollout);
  if (!takeTraffic) return await notePreview(operation, progress, rollout);
  // A platform's own rollout does not touch traffic that someone has pinned to a revision.
  if (workload.traffic?.by === 'us') await moveTraffic({ percent: 100, share: ALL }, progress, rollout);
}

const ALL: Share = { percent: 100, why: null };

async function notePreview(operation: Operation, { deadline }: Progress, rollout: Rollout): Promise<void> {
  const { workload, record, io, signal } = rollout;
  const wait = { what: `the address of ${operation.revision}`, deadline, signal };
  const addresses = (await waitForAnswer(() => workload.preview(operation), wait, io)).map(({ url }) => url);
  if (addresses.length === 0) return;
  record.previewUrl = addresses[0]!;
  io.log.info(`${operation.revision} gets no traffic yet; its address: ${addresses.join(', ')}`);
}

async function shiftTraffic(
  step: StepOf<'set-weight'> | StepOf<'advance'>,
  progress: Progress,
  rollout: Rollout,
): Promise<void> {
  const { record, io } = rollout;
  const title = `Traffic ${formatShare(step.percent, step.share)}`;
  await runPhase(title, record, io, () => moveTraffic(step, progress, rollout));
  const { percent: inForce, why } = progress.share ?? step.share;
  record.traffic.push({ at: io.clock.now(), asked: step.percent, inForce, why });
  // Outside of the group: a reader sees it without opening one.
  io.log.info(trafficBar(inForce));
}

/** Gives our revision its share, or has the platform go on to it, and waits until that is in force. */
async function moveTraffic(
  { percent, share }: { readonly percent: number; readonly share: Share },
  progress: Progress,
  rollout: Rollout,
): Promise<void> {
  const { workload, io, signal } = rollout;
  const { operation, entry } = progress;
  const what = `${operation!.revision} to get ${formatShare(percent, share)} of the traffic`;
  const { traffic } = workload;
  const until = markedUntil(io);
  const request = { percent, point: entry.point, markedUntil: until };
  const move = () =>
    traffic?.by === 'platform' ? traffic.advance(operation!, request) : traffic!.setWeight(operation!, request);
  progress.operation = await waitForAnswer(
    () => noteUnanswered(progress.unanswered, io.clock, move),
    { what, deadline: progress.deadline, signal },
    io,
  );
  progress.markedUntil = until;
  progress.share = share;
  await waitForOperation(progress, rollout, what);
}

/** The request may be repeated, so one whose answer was lost is sent again. */
async function finishTraffic(progress: Progress, rollout: Rollout): Promise<void> {
  const { workload, record, io, signal } = rollout;
  const operation = progress.operation!;
  const what = `${operation.revision} to be the only one that serves`;
  const wait = { what, deadline: progress.deadline, signal };
  await outlastLateCalls(progress, rollout);
  const finish = () =>
    noteUnanswered(progress.unanswered, io.clock, () => workload.finish(operation, progress.entry.point));
  const finishing = await waitForAnswer(finish, wait, io);
  if (!finishing) return;
  progress.operation = finishing;
  await runPhase('Finish', record, io, async () => void (await waitForOperation(progress, rollout, what)));
}

/** After another deployment during the smoke tests, their result would say nothing about ours. */
async function confirm({ entry, operation, deadline }: Progress, rollout: Rollout): Promise<void> {
  const { workload, io, signal } = rollout;
  const { mark } = entry;
  const wait = { what: `${operation?.revision} to be confirmed as live`, deadline, signal };
  if (mark !== null && (await waitForAnswer(() => workload.isLive(mark), wait, io))) return;
  throw superseded(`could not confirm ${operation?.revision}: another deployment is live now`);
}
