import type { Service, ServiceDeployment } from '@aws-sdk/client-ecs';
import type { ChangeMark, Observation, Operation } from '../../model/workload.ts';
import { findEarlyFailure, findHopelessEvent } from './early-failure.ts';
import type { EcsDeployments, KnownDeployment } from './ecs-deployments.ts';
import { describeService, type EcsService, readIfAllowed, shortRevision } from './ecs-service.ts';
import { judgeDeployment } from './judge-deployment.ts';
import { stageOf } from './service-deployment-status.ts';
import { listOurTasks } from './stopped-tasks.ts';

/** One look at our deployment. */
export async function observeDeployment(
  ecs: EcsService,
  deployments: EcsDeployments,
  operation: Operation,
): Promise<Observation> {
  const ours = await deployments.describe(operation.id);
  const createdAt = ours.createdAt?.getTime() ?? 0;
  const later = await deployments.listSince(createdAt);
  const service = await describeService(ecs);
  const live = service.taskDefinition === operation.mark;
  const events = listEvents(service, createdAt);
  const observation = judgeDeployment({
    ours,
    newer: findNewer(later, operation.mark),
    foreignLive: live ? null : await findForeignLive(service, ours, deployments),
    live,
    earlyFailure:
      stageOf(ours.status ?? '') === 'running' ? await lookForEarlyFailure(ecs, operation.mark, events) : null,
    desiredCount: service.desiredCount ?? null,
  });
  return { ...observation, notes: events };
}

function findNewer(later: readonly KnownDeployment[], mark: ChangeMark): string | null {
  const newer = later.find(({ taskDefinition }) => taskDefinition !== mark);
  return newer ? shortRevision(newer.taskDefinition) : null;
}

/**
 * DescribeServices may still show what ran before ours for some seconds: that is not somebody else's deployment.
 * Where AWS does not say what ran before, the list has to show the other one.
 */
async function findForeignLive(
  service: Service,
  ours: ServiceDeployment,
  deployments: EcsDeployments,
): Promise<string | null> {
  const before: (string | null)[] = [];
  for (const { arn } of ours.sourceServiceRevisions ?? []) before.push(await deployments.findTaskDefinition(arn ?? ''));
  const live = service.taskDefinition;
  if (!live || before.length === 0 || before.includes(null) || before.includes(live)) return null;
  return shortRevision(live);
}

async function lookForEarlyFailure(
  ecs: EcsService,
  mark: ChangeMark,
  events: readonly string[],
): Promise<string | null> {
  const hopeless = findHopelessEvent(events);
  if (hopeless) return hopeless;
  const read = (): ReturnType<typeof listOurTasks> => listOurTasks(ecs, mark, 'STOPPED');
  const stopped = await readIfAllowed(ecs, 'noticing failed tasks early', read);
  return stopped && findEarlyFailure(stopped);
}

/** What the service said since, oldest first. */
function listEvents(service: Service, since: number): readonly string[] {
  const events = (service.events ?? []).filter(({ createdAt }) => (createdAt?.getTime() ?? 0) > since);
  return events.map(({ message }) => message ?? '').reverse();
}
