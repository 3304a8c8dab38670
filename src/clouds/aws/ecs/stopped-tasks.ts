import { DescribeTasksCommand, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import type { ChangeMark } from '../../../model/restore-point.ts';
import { type EcsService, readEcs } from './service.ts';

/** DescribeTasks takes this many, and ListTasks gives them, in no order. */
const MAX_TASKS = 100;
const MAX_PAGES = 20;

/** Our tasks, newest first; AWS shows stopped ones for about an hour. @throws DeployError PERMISSION_DENIED, … */
export async function listOurTasks(
  ecs: EcsService,
  mark: ChangeMark,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<readonly Task[]> {
  const tasks = await listTasks(ecs, desiredStatus);
  // Only our change has this task definition, so tasks of the previous revision never count.
  return tasks.filter(({ taskDefinitionArn }) => taskDefinitionArn === mark).sort((a, b) => lastSeen(b) - lastSeen(a));
}

/** Of the service, whatever they run. @throws as `listOurTasks` */
export async function listTasks(ecs: EcsService, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const list = new ListTasksCommand({
      ...{ cluster: ecs.cluster, serviceName: ecs.service, desiredStatus, maxResults: MAX_TASKS },
      ...(nextToken ? { nextToken } : {}),
    });
    const listing = { what: `list the tasks of ${ecs.resource}`, action: 'ecs:ListTasks', holds: ['taskArns'] };
    const listed = await readEcs(ecs, listing, (options) => ecs.client.send(list, options));
    tasks.push(...(await describeTasks(ecs, listed.taskArns ?? [])));
    nextToken = listed.nextToken;
    if (!nextToken) break;
  }
  return tasks;
}

async function describeTasks(ecs: EcsService, arns: readonly string[]): Promise<readonly Task[]> {
  if (arns.length === 0) return [];
  const describe = new DescribeTasksCommand({ cluster: ecs.cluster, tasks: [...arns] });
  const describing = {
    what: `read the tasks of ${ecs.resource}`,
    action: 'ecs:DescribeTasks',
    holds: ['tasks', 'failures'],
  };
  const { tasks = [] } = await readEcs(ecs, describing, (options) => ecs.client.send(describe, options));
  return tasks;
}

function lastSeen(task: Task): number {
  return (task.stoppedAt ?? task.startedAt ?? task.createdAt)?.getTime() ?? 0;
}
