import type { JsonObject } from '../../json.ts';
import { compact, toTimestamp } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import { runningCount } from './deployment-start.ts';
import type { Deployment, Service, ServiceRevision, Task } from './state.ts';

/** A service as DescribeServices and UpdateService show it. */
export function viewService(world: AwsWorld, service: Service, withTags: boolean): JsonObject {
  const isLive = ({ desiredStatus }: Task): boolean => desiredStatus === 'RUNNING';
  return compact({
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: service.clusterArn,
    loadBalancers: loadBalancersOf(service),
    serviceRegistries: [],
    status: service.status,
    desiredCount: service.desiredCount,
    runningCount: service.tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length + service.staging.surplus,
    pendingCount: service.tasks.filter((task) => isLive(task) && task.lastStatus !== 'RUNNING').length,
    launchType: 'FARGATE',
    platformVersion: 'LATEST',
    platformFamily: 'Linux',
    taskDefinition: service.taskDefinition.arn,
    deploymentConfiguration: service.deploymentConfiguration,
    roleArn: `arn:aws:iam::${world.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
    events: service.events.map((event) => ({ ...event, createdAt: toTimestamp(event.createdAt) })),
    createdAt: toTimestamp(service.createdAt),
    placementConstraints: [],
    placementStrategy: [],
    healthCheckGracePeriodSeconds: service.healthCheckGracePeriodMs / 1_000,
    schedulingStrategy: service.schedulingStrategy,
    deploymentController: { type: service.deploymentController },
    createdBy: `arn:aws:iam::${world.account}:role/terraform`,
    enableECSManagedTags: false,
    propagateTags: 'NONE',
    enableExecuteCommand: false,
    ...rolloutMembers(world, service),
    ...(withTags ? { tags: service.tags } : {}),
    ...service.extras,
  });
}

export function loadBalancersOf({ targetGroup }: Service): readonly JsonObject[] {
  if (!targetGroup) return [];
  const { arn, container, port } = targetGroup;
  return [{ targetGroupArn: arn, containerName: container, containerPort: port }];
}

/** A service that CodeDeploy drives has task sets instead of deployments: https://github.com/boto/botocore/issues/3314 */
function rolloutMembers(world: AwsWorld, service: Service): JsonObject {
  if (service.deploymentController !== 'ECS') return { taskSets: [] };
  const listed = service.records.filter(({ createdAt }) => createdAt + service.staging.listingLagMs <= world.queue.now);
  return {
    deployments: service.deployments.map((deployment) => viewDeployment(service, deployment)),
    ...compact({ currentServiceDeployment: listed.at(-1)?.arn ?? null }),
    currentServiceRevisions: currentRevisions(service).map((revision) => ({
      arn: revision.arn,
      requestedTaskCount: wantedCount(service, revision),
      runningTaskCount: runningCount(service, revision),
      pendingTaskCount: pendingCount(service, revision),
    })),
  };
}

function viewDeployment(service: Service, deployment: Deployment): JsonObject {
  const tasks = service.tasks.filter((task) => task.deployment === deployment);
  const live = tasks.filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
  return compact({
    id: deployment.id,
    status: deployment.status,
    taskDefinition: deployment.revision.taskDefinition.arn,
    desiredCount: deployment.status === 'PRIMARY' ? service.desiredCount : live.length,
    pendingCount: live.filter(({ lastStatus }) => lastStatus !== 'RUNNING').length,
    runningCount: tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length,
    failedTasks: deployment.failedTasks,
    createdAt: toTimestamp(deployment.createdAt),
    updatedAt: toTimestamp(deployment.updatedAt),
    launchType: 'FARGATE',
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    networkConfiguration: service.extras['networkConfiguration'],
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
  });
}

function currentRevisions(service: Service): readonly ServiceRevision[] {
  return [...new Set(service.deployments.map(({ revision }) => revision))];
}

export function wantedCount(service: Service, revision: ServiceRevision): number {
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (primary?.revision === revision) return service.desiredCount;
  return service.tasks.filter((task) => task.revision === revision && task.desiredStatus === 'RUNNING').length;
}

export function pendingCount(service: Service, revision: ServiceRevision): number {
  return service.tasks.filter(
    (task) => task.revision === revision && task.desiredStatus === 'RUNNING' && task.lastStatus !== 'RUNNING',
  ).length;
}
