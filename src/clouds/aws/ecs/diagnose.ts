import type { Task } from '@aws-sdk/client-ecs';
import { describeGap, type OptionalRead, readOptional } from '../../../io/read-optional.ts';
import type { Diagnosis } from '../../../model/diagnosis.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { Operation } from '../../../model/workload.ts';
import { type ContainerLogs, readContainerLogs } from './container-logs.ts';
import { describeRollback } from './decide-observation.ts';
import type { EcsDeployments } from './deployments.ts';
import { describeStoppedTask, failedByItself } from './early-failure.ts';
import { findFailureHint } from './failure-hint.ts';
import { describeService, type EcsService } from './service.ts';
import { listOurTasks } from './stopped-tasks.ts';
import { listUnhealthyTargets } from './target-health.ts';
import { describeTaskDefinition } from './task-definition-wire.ts';

const MAX_TASKS = 5;
const MAX_EVENTS = 10;

/** What AWS can tell about our deployment. What may not be read is named in a line of its own. */
export async function diagnoseDeployment(
  ecs: EcsService,
  deployments: EcsDeployments,
  operation: Operation,
): Promise<Diagnosis> {
  const deployment = await deployments.describe(operation.id);
  const service = await describeService(ecs);
  const tasks = await findTasks(ecs, operation.mark);
  const stopped = tasks.stopped.slice(0, MAX_TASKS).map(describeStoppedTask);
  const health = await listUnhealthyTargets(ecs, service);
  const logs = await findLogs(ecs, operation.mark, tasks.stopped[0] ?? tasks.running[0]);
  const since = deployment.createdAt?.getTime() ?? 0;
  const events = (service.events ?? [])
    .filter(({ createdAt }) => (createdAt?.getTime() ?? 0) > since)
    .map(({ message }) => message ?? '');
  const wasUndone = deployment.status?.startsWith('ROLLBACK_');
  const undone = wasUndone ? [describeRollback(deployment)] : [];
  return {
    cause: describeCause(tasks.stopped, [...health, ...undone]),
    // Where no task says why, the service does: no host, no port, no target group.
    hint: findFailureHint([...stopped, ...health].join('\n')) ?? findFailureHint(events.join('\n')),
    facts: [...undone, ...stopped, ...health, ...events.slice(0, MAX_EVENTS), ...tasks.facts, ...logs.facts],
    logs: logs.logs,
  };
}

interface Tasks {
  readonly stopped: readonly Task[];
  readonly running: readonly Task[];
  readonly facts: readonly string[];
}

async function findTasks(ecs: EcsService, mark: ChangeMark): Promise<Tasks> {
  const facts: string[] = [];
  const read = async () => {
    const stopped = (await listOurTasks(ecs, mark, 'STOPPED')).filter(failedByItself);
    // A task that runs and answers wrongly has something to say too.
    return { stopped, running: stopped.length > 0 ? [] : await listOurTasks(ecs, mark, 'RUNNING') };
  };
  const found = await readOptional(read, notingIn(facts));
  return { stopped: [], running: [], ...found, facts };
}

async function findLogs(ecs: EcsService, mark: ChangeMark, task: Task | undefined): Promise<ContainerLogs> {
  const facts: string[] = [];
  if (!task) return { logs: [], facts };
  const read = async () => {
    const { taskDefinition } = await describeTaskDefinition(ecs, mark);
    return await readContainerLogs(ecs, task, taskDefinition);
  };
  return (await readOptional(read, notingIn(facts))) ?? { logs: [], facts };
}

function notingIn(facts: string[]): OptionalRead {
  return { without: 'any', tell: (error) => void facts.push(describeGap(error)) };
}

function describeCause(stopped: readonly Task[], others: readonly string[]): string | null {
  const [first] = stopped;
  if (!first) return others[0] ?? null;
  const count = stopped.length === 1 ? '' : ` (${stopped.length} tasks so far)`;
  return `${describeStoppedTask(first)}${count}`;
}
