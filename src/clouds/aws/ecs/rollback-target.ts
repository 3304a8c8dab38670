import { DeployError } from '../../../model/errors.ts';
import { textAt } from '../../../model/json.ts';
import type { RestorePoint, RollbackTarget } from '../../../model/restore-point.ts';
import { parseRestoreData } from './restore-data.ts';
import { type EcsService, shortRevision } from './service.ts';
import { readContainers } from './task-definition.ts';
import { type DescribedTaskDefinition, describeTaskDefinition } from './task-definition-wire.ts';

/** See `Workload.rollbackTarget`. Whether its secrets can be read only the execution role knows. */
export async function readRollbackTarget(ecs: EcsService, point: RestorePoint): Promise<RollbackTarget> {
  const { previous, neverServed } = parseRestoreData(point, ecs);
  const found = await tryDescribe(ecs, previous);
  if (found === null)
    return { images: [], obstacles: [obstacle(`${shortRevision(previous)} does not exist any more`)] };
  const { taskDefinition } = found;
  const status = textAt(taskDefinition, 'status');
  // AWS takes no deregistered task definition for an update (fabfuel/ecs-deploy#185).
  if (status !== 'ACTIVE')
    return { images: [], obstacles: [obstacle(`${shortRevision(previous)} is deregistered (${status})`)] };
  // Without an image that ever started there is nothing to lose.
  if (neverServed) return { images: [], obstacles: [] };
  return { images: readContainers(taskDefinition).map((container) => textAt(container, 'image')), obstacles: [] };
}

/** null: AWS knows it no longer, which it answers like a request that is wrong. */
async function tryDescribe(ecs: EcsService, arn: string): Promise<DescribedTaskDefinition | null> {
  try {
    return await describeTaskDefinition(ecs, arn);
  } catch (error) {
    if (error instanceof DeployError && error.code === 'DEPLOY_REJECTED') return null;
    throw error;
  }
}

function obstacle(message: string): RollbackTarget['obstacles'][number] {
  return { message, hint: 'Register the task definition again and point the service to it, then run again.' };
}
