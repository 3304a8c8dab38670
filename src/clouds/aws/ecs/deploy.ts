import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Change, Operation, Prepared } from '../../../model/workload.ts';
import type { EcsDeployments } from './deployments.ts';
import { registerChange } from './plan.ts';
import { parseRestoreData } from './restore-data.ts';
import { describeService, type EcsService, shortRevision, updateService } from './service.ts';
import { leftNothing } from './service-deployment-status.ts';

/** `id`: ARN of the service deployment. */
export interface EcsOperation extends Operation {
  /** How long the last deployment took that succeeded; null: AWS remembers none. */
  readonly usualMs: number | null;
}

/** Registers the task definition, which changes nothing live: only the service's update does. */
export async function prepareChange(ecs: EcsService, change: Change): Promise<Prepared> {
  const mark = await registerChange(ecs, change);
  let isTaken = false;
  return {
    mark,
    async send(point) {
      if (!isTaken) await updateUnlessLive(ecs, mark, point);
      isTaken = true;
      // What the answer shows of deployments is seconds old: the list tells which one is ours.
      return null;
    },
  };
}

/** ECS has no conditional update, so the service is read right before it. */
async function updateUnlessLive(ecs: EcsService, mark: ChangeMark, point: RestorePoint): Promise<void> {
  const { live } = parseRestoreData(point, ecs);
  const now = (await describeService(ecs)).taskDefinition ?? '';
  if (now === mark) return;
  if (now === live) return await updateService(ecs, mark);
  throw superseded(`could not deploy to ${ecs.resource}: ${shortRevision(now)} was deployed meanwhile`);
}

/** See `Workload.findOperation`. */
export async function findOperation(
  ecs: EcsService,
  deployments: EcsDeployments,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<EcsOperation | null> {
  const { newest, usualMs } = parseRestoreData(point, ecs);
  const ours = (await deployments.listSince(newest)).find(({ taskDefinition }) => taskDefinition === mark);
  return ours ? { id: ours.arn, mark, goal: { kind: 'up' }, revision: shortRevision(mark), usualMs } : null;
}

/** The list shows a newer deployment before the service does, or after it: both are read. */
export async function isLive(ecs: EcsService, deployments: EcsDeployments, mark: ChangeMark): Promise<boolean> {
  const [newest] = (await deployments.list()).filter(({ status }) => !leftNothing(status));
  const newestIsOurs = newest !== undefined && (await deployments.findTaskDefinition(newest.revisionArn)) === mark;
  const service = await describeService(ecs);
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
  return newestIsOurs && service.taskDefinition === mark && primary?.taskDefinition === mark;
}
