import { isObject, type Json, type JsonObject } from '../json.ts';
import { loadBalancersOf } from './ecs/service-view.ts';
import type { Service, Task } from './ecs/state.ts';
import { viewTargetHealth } from './elbv2.ts';
import type { AwsWorld } from './world.ts';

/**
 * What may differ after a change was made and taken back: names and times of runs, and the lists of what ever
 * happened. Everything else in a snapshot is what was configured or what serves. `*` stands for each list item.
 */
export const AUDIT_FIELDS = [
  'registeredRevisions',
  'serviceDeployments',
  'events',
  'deployments.*.id',
  'deployments.*.serviceRevision',
  'deployments.*.createdAt',
  'deployments.*.updatedAt',
  'deployments.*.rolloutStateReason',
  'tasks.*.id',
  'tasks.*.ip',
  'tasks.*.startedBy',
  'tasks.*.startedAt',
] as const;

/** Everything that a user configures on a service and everything that serves its traffic, as plain JSON. */
export function snapshotOf(world: AwsWorld, service: Service): JsonObject {
  const { taskDefinition } = service;
  return {
    service: {
      arn: service.arn,
      clusterArn: service.clusterArn,
      createdAt: service.createdAt,
      status: service.status,
      desiredCount: service.desiredCount,
      schedulingStrategy: service.schedulingStrategy,
      deploymentController: service.deploymentController,
      deploymentConfiguration: service.deploymentConfiguration,
      healthCheckGracePeriodMs: service.healthCheckGracePeriodMs,
      loadBalancers: loadBalancersOf(service),
      hostnames: service.hostnames,
      tags: service.tags,
      ...service.extras,
    },
    taskDefinition: {
      arn: taskDefinition.arn,
      status: taskDefinition.status,
      document: taskDefinition.document,
      tags: taskDefinition.tags,
    },
    tasks: service.tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED').map(snapshotTask),
    deployments: service.deployments.map((deployment) => ({
      id: deployment.id,
      serviceRevision: deployment.revision.arn,
      taskDefinition: deployment.revision.taskDefinition.arn,
      status: deployment.status,
      rolloutState: deployment.rolloutState,
      rolloutStateReason: deployment.rolloutStateReason,
      failedTasks: deployment.failedTasks,
      createdAt: deployment.createdAt,
      updatedAt: deployment.updatedAt,
    })),
    serviceDeployments: service.records.map(({ arn, status }) => ({ arn, status })),
    registeredRevisions: world.taskDefinitions
      .filter(({ family }) => family === taskDefinition.family)
      .map(({ arn, status }) => ({ arn, status })),
    events: service.events.map(({ message }) => message),
  };
}

/** The snapshot without the audit fields: equal before and after means "exactly as before". */
export function withoutAudit(snapshot: JsonObject): JsonObject {
  return AUDIT_FIELDS.reduce<JsonObject>((rest, path) => without(rest, path.split('.')) as JsonObject, snapshot);
}

function snapshotTask(task: Task): JsonObject {
  return {
    id: task.id,
    ip: task.ip,
    startedBy: task.startedBy,
    startedAt: task.startedAt,
    taskDefinition: task.revision.taskDefinition.arn,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    containers: task.containers.map(({ name, image, digest, lastStatus }) => ({ name, image, digest, lastStatus })),
    target: task.target === 'none' ? null : viewTargetHealth(task),
  };
}

function without(value: Json | undefined, path: readonly string[]): Json {
  const [name = '', ...rest] = path;
  if (name === '*' && Array.isArray(value)) return value.map((item: Json) => without(item, rest));
  if (!isObject(value)) return value ?? null;
  if (rest.length > 0) return { ...value, [name]: without(value[name], rest) };
  const { [name]: _, ...others } = value;
  return others;
}
