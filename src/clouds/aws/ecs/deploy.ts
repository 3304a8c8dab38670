import type { Service } from '@aws-sdk/client-ecs';
import { ConflictError } from '../../../model/conflict.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Change, Prepared, RolloutPlan } from '../../../model/workload.ts';
import { decideTurn } from './decide-turn.ts';
import type { EcsDeployments } from './deployments.ts';
import { removeMarker, writeMarker } from './marker-control.ts';
import { registerChange } from './plan.ts';
import { readInProgress } from './readiness.ts';
import { parseRestoreData } from './restore-data.ts';
import { findMarkers } from './rollout-tags.ts';
import { describeService, type EcsService, isInProgress, shortRevision, updateService } from './service.ts';

/** Registers the task definition, which changes nothing live: only the service's update does. */
export async function prepareChange(ecs: EcsService, deployments: EcsDeployments, change: Change): Promise<Prepared> {
  const mark = await registerChange(ecs, change);
  const sending: Sending = { ecs, deployments, mark, isTaken: false, isMarked: null, markedAt: 0 };
  return {
    mark,
    async send(point, plan) {
      if (!sending.isTaken) sending.isTaken = await trySend(sending, point, plan);
      // What the answer shows of deployments is seconds old: the list tells which one is ours.
      return null;
    },
  };
}

interface Sending {
  readonly ecs: EcsService;
  readonly deployments: EcsDeployments;
  readonly mark: ChangeMark;
  isTaken: boolean;
  /** null: it was not tried yet. */
  isMarked: boolean | null;
  /** Milliseconds since 1970. */
  markedAt: number;
}

/** False: it is not settled yet whose turn it is. @throws ConflictError */
async function trySend(sending: Sending, point: RestorePoint, plan: RolloutPlan): Promise<boolean> {
  const { ecs, mark } = sending;
  await ensureMarked(sending, point, plan);
  // It is also the read right before the update: ECS has no conditional one.
  const service = await describeService(ecs);
  const { clock, log } = ecs.io;
  const turn = decideTurn({
    now: clock.now(),
    run: point.run,
    markers: findMarkers(service, ecs.resource),
    isMarked: sending.isMarked ?? false,
    waitedMs: clock.now() - sending.markedAt,
  });
  if (turn.act === 'yield') throw await giveWay(sending, { service, point, why: turn.why });
  if (turn.act === 'wait') {
    log.info(`another run may be starting a rollout of ${ecs.resource}: ${turn.why}`);
    return false;
  }
  if (service.taskDefinition !== mark) await updateAsCaptured(sending, service, point);
  return true;
}

/** A request without an answer is sent again, with what it wrote before. */
async function ensureMarked(sending: Sending, point: RestorePoint, { markedUntil }: RolloutPlan): Promise<void> {
  const { ecs, mark } = sending;
  if (sending.isMarked !== null) return;
  sending.isMarked = await writeMarker(ecs, { point, mark, phase: 'rolling-out', until: markedUntil });
  sending.markedAt = ecs.io.clock.now();
}

interface GivenWay {
  readonly service: Service;
  readonly point: RestorePoint;
  readonly why: string;
}

async function giveWay(sending: Sending, { service, point, why }: GivenWay): Promise<ConflictError> {
  const { ecs } = sending;
  // Where it fails, the next call begins again.
  sending.isMarked = null;
  await removeMarker(ecs, service, point);
  return new ConflictError(`could not deploy to ${ecs.resource}: ${why}`);
}

/** @throws DeployError SUPERSEDED where another user deployed since the restore point was captured; ConflictError */
async function updateAsCaptured(sending: Sending, service: Service, point: RestorePoint): Promise<void> {
  const { ecs, deployments, mark } = sending;
  const { live, wasInProgress } = parseRestoreData(point, ecs);
  const now = service.taskDefinition ?? '';
  const isBegun = isInProgress(service);
  if (now !== live || (isBegun && !wasInProgress))
    throw superseded(`could not deploy to ${ecs.resource}: ${shortRevision(now)} was deployed meanwhile`);
  if (isBegun) {
    // It may be the one that this deployment replaces.
    const found = await readInProgress(ecs, deployments, service);
    if (found.status === 'busy') throw await giveWay(sending, { service, point, why: found.message });
  }
  await updateService(ecs, mark);
}
