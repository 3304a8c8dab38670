import { GetTaskProtectionCommand, type ProtectedTask } from '@aws-sdk/client-ecs';
import { readIfAllowed } from '../../../io/read-optional.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import { type EcsService, readEcs } from './service.ts';
import { listTasks } from './stopped-tasks.ts';

/** GetTaskProtection takes this many. */
const MAX_TASKS = 100;

/**
 * Old tasks that are protected from scale-in, where nothing else of the old revision runs: ECS stops them hours later, and the
 * rollout goes on until then. In words; null: there are none, others run too, or it may not be read.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html
 */
export async function describeProtected(ecs: EcsService, mark: ChangeMark): Promise<string | null> {
  const read = async () => {
    const running = await listTasks(ecs, 'RUNNING');
    const old = running.filter(({ taskDefinitionArn }) => taskDefinitionArn !== mark);
    const arns = old.flatMap(({ taskArn }) => taskArn ?? []);
    if (arns.length === 0 || arns.length > MAX_TASKS) return null;
    const found = await readProtection(ecs, arns);
    const isAll = found.filter(({ protectionEnabled }) => protectionEnabled === true).length === arns.length;
    return isAll ? describe(found) : null;
  };
  return await readIfAllowed(ecs, 'noticing tasks that are protected from scale-in', read);
}

async function readProtection(ecs: EcsService, tasks: string[]): Promise<readonly ProtectedTask[]> {
  const command = new GetTaskProtectionCommand({ cluster: ecs.cluster, tasks });
  const call = {
    what: `read which tasks of ${ecs.resource} are protected`,
    action: 'ecs:GetTaskProtection',
    holds: ['protectedTasks', 'failures'],
  };
  const { protectedTasks = [] } = await readEcs(ecs, call, (options) => ecs.client.send(command, options));
  return protectedTasks;
}

function describe(tasks: readonly ProtectedTask[]): string {
  const until = Math.max(...tasks.map(({ expirationDate }) => expirationDate?.getTime() ?? 0));
  const when = until > 0 ? `, until ${new Date(until).toISOString().slice(0, 16)}Z at the latest` : '';
  const which = tasks.length === 1 ? '1 old task is' : `${tasks.length} old tasks are`;
  return `${which} protected from scale-in${when}`;
}
