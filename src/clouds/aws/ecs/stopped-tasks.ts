import { DescribeTasksCommand, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import type { ChangeMark } from '../../../model/restore-point.ts';
import { type EcsService, readEcs } from './service.ts';

/** DescribeTasks takes this many. */
const MAX_TASKS = 100;

/** Our tasks, newest first; AWS shows stopped ones for about an hour. @throws DeployError PERMISSION_DENIED, … */
export async function listOurTasks(
  ecs: EcsService,
  mark: ChangeMark,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<readonly Task[]> {
  const list = new ListTasksCommand({
    cluster: ecs.cluster,
    serviceName: ecs.service,
    desiredStatus,
    maxResults: MAX_TASKS,
  });
  const listing = { what: `list the tasks of ${ecs.resource}`, action: 'ecs:ListTasks', holds: ['taskArns'] };
  const { taskArns = [] } = await readEcs(ecs, listing, (options) => ecs.client.send(list, options));
  if (taskArns.length === 0) return [];
  const describe = new DescribeTasksCommand({ cluster: ecs.cluster, tasks: taskArns });
  const describing = {
    what: `read the tasks of ${ecs.resource}`,
    action: 'ecs:DescribeTasks',
    holds: ['tasks', 'failures'],
  };
  const { tasks = [] } = await readEcs(ecs, describing, (options) => ecs.client.send(describe, options));
  // Only our change has this task definition, so tasks of the previous revision never count.
  return tasks.filter(({ taskDefinitionArn }) => taskDefinitionArn === mark).sort((a, b) => lastSeen(b) - lastSeen(a));
}

function lastSeen(task: Task): number {
  return (task.stoppedAt ?? task.startedAt ?? task.createdAt)?.getTime() ?? 0;
}
