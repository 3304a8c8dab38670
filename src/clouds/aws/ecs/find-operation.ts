import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import type { Operation } from '../../../model/workload.ts';
import type { EcsDeployments, KnownDeployment } from './deployments.ts';
import { type EcsRestoreData, parseRestoreData } from './restore-data.ts';
import { type EcsService, shortRevision } from './service.ts';

/** `id`: ARN of the service deployment. */
export interface EcsOperation extends Operation {
  /** How long the last deployment took that succeeded; null: AWS remembers none. */
  readonly usualMs: number | null;
}

/** See `Workload.findOperation`. */
export async function findOperation(
  ecs: EcsService,
  deployments: EcsDeployments,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<EcsOperation | null> {
  const data = parseRestoreData(point, ecs);
  const listed = await deployments.listSince(data.newest);
  const ours = listed.find(({ taskDefinition }) => taskDefinition === mark);
  if (!ours) return null;
  const notes = listed.filter((other) => isOverwritten(other, { ours, data })).map(describeOverwritten);
  return {
    ...{ id: ours.arn, mark, goal: { kind: 'up' }, revision: shortRevision(mark), usualMs: data.usualMs },
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** Did it begin between our last read and our update, which ECS takes without a condition? */
function isOverwritten(
  { createdAt, status, taskDefinition }: KnownDeployment,
  { ours, data }: { readonly ours: KnownDeployment; readonly data: EcsRestoreData },
): boolean {
  const isOther = taskDefinition !== ours.taskDefinition && taskDefinition !== data.live;
  return isOther && createdAt < ours.createdAt && status !== 'ROLLBACK_SUCCESSFUL';
}

function describeOverwritten({ taskDefinition }: KnownDeployment): string {
  return `${shortRevision(taskDefinition)}, which another user or run deployed a moment before, was overwritten: deploy it again`;
}
