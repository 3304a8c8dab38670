import type { AwsWorld } from '../world.ts';
import { arnOf } from '../world.ts';
import type { Deployment, Service, ServiceDeployment, ServiceRevision, TaskDefinition } from './state.ts';

export function createRevision(world: AwsWorld, service: Service, taskDefinition: TaskDefinition): ServiceRevision {
  const path = `service-revision/${service.clusterName}/${service.name}/${world.ids.digits(19)}`;
  const revision = {
    arn: arnOf(world, 'ecs', path),
    taskDefinition,
    createdAt: world.queue.now,
    digests: new Map<string, string>(),
  };
  service.revisions.push(revision);
  return revision;
}

export function createRecord(world: AwsWorld, service: Service, target: ServiceRevision): ServiceDeployment {
  const { now } = world.queue;
  const running = service.deployments.map(({ revision }) => revision).filter((revision) => revision !== target);
  const record: ServiceDeployment = {
    arn: arnOf(world, 'ecs', `service-deployment/${service.clusterName}/${service.name}/${world.ids.word(21)}`),
    createdAt: now,
    startedAt: null,
    finishedAt: null,
    stoppedAt: null,
    updatedAt: now,
    status: 'PENDING',
    statusReason: null,
    sources: [...new Set(running)].map((revision) => ({ revision, taskCount: runningCount(service, revision) })),
    target,
    rollback: null,
    failureCount: 0,
    breakerTriggered: false,
  };
  service.records.push(record);
  return record;
}

/** Puts a new PRIMARY in front; the others become ACTIVE. The service points to its task definition from now on. */
export function addDeployment(
  world: AwsWorld,
  service: Service,
  { revision, record }: { readonly revision: ServiceRevision; readonly record: ServiceDeployment },
): Deployment {
  const { now } = world.queue;
  const id = `ecs-svc/${world.ids.digits(19)}`;
  const deployment: Deployment = {
    id,
    revision,
    record,
    createdAt: now,
    updatedAt: now,
    status: 'PRIMARY',
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    failedTasks: 0,
    startsAfter: now,
    steadySince: null,
  };
  for (const older of service.deployments) older.status = 'ACTIVE';
  service.deployments = [deployment, ...service.deployments];
  service.taskDefinition = revision.taskDefinition;
  return deployment;
}

export function runningCount(service: Service, revision: ServiceRevision): number {
  return service.tasks.filter((task) => task.revision === revision && task.lastStatus === 'RUNNING').length;
}
