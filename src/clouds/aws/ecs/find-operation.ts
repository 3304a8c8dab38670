import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import type { Operation } from '../../../model/workload.ts';
import type { EcsDeployments, KnownDeployment } from './deployments.ts';
import { parseRestoreData } from './restore-data.ts';
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
  const position = listed.findIndex(({ taskDefinition }) => taskDefinition === mark);
  const ours = listed[position];
  if (!ours) return null;
  // By their order, as two may be of the same millisecond.
  const older = listed.slice(position + 1);
  const notes = older.filter(({ status }) => status !== 'ROLLBACK_SUCCESSFUL').map(describeOverwritten);
  return {
    ...{ id: ours.arn, mark, goal: { kind: 'up' }, revision: shortRevision(mark), usualMs: data.usualMs },
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** It began between our last read and our update, which ECS takes without a condition. */
function describeOverwritten({ taskDefinition }: KnownDeployment): string {
  return `${shortRevision(taskDefinition)}, which another user or run deployed a moment before, was overwritten: deploy it again`;
}
