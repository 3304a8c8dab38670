import type { JsonObject } from '../../json.ts';
import { AwsError } from '../aws-error.ts';
import { compact, readString, readStrings, toTimestamp } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import { findService, readCluster } from './find.ts';
import { pageOf } from './page.ts';
import { healthStatusOf } from './probes.ts';
import { isProtected } from './scheduler.ts';
import type { Service, Task, TaskContainer } from './state.ts';

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html */
export function listTasks(world: AwsWorld, body: JsonObject): JsonObject {
  const cluster = readCluster(world, body);
  const serviceName = readString(body, 'serviceName');
  const startedBy = readString(body, 'startedBy');
  const family = readString(body, 'family');
  const desiredStatus = readString(body, 'desiredStatus') ?? 'RUNNING';
  if (startedBy !== null && (serviceName !== null || family !== null)) {
    throw new AwsError('InvalidParameterException', 'startedBy must be the only filter that you use.');
  }
  if (serviceName !== null && !findService(world, cluster, serviceName)) {
    throw new AwsError('ServiceNotFoundException', 'Service not found.');
  }
  const tasks = tasksIn(world, cluster)
    .filter(({ service }) => serviceName === null || service.name === serviceName || service.arn === serviceName)
    .filter(({ task }) => startedBy === null || task.startedBy === startedBy)
    .filter(({ task }) => family === null || task.revision.taskDefinition.family === family)
    .filter(({ task }) => task.desiredStatus === desiredStatus);
  const page = pageOf(tasks, body, 100);
  return { taskArns: page.items.map(({ task }) => task.arn), ...page.rest };
}

export function describeTasks(world: AwsWorld, body: JsonObject): JsonObject {
  const cluster = readCluster(world, body);
  const references = readStrings(body, 'tasks');
  if (references.length === 0) throw new AwsError('InvalidParameterException', 'Tasks cannot be empty.');
  if (references.length > 100)
    throw new AwsError('InvalidParameterException', 'Tasks cannot have more than 100 elements.');
  const withTags = readStrings(body, 'include').includes('TAGS');
  const all = tasksIn(world, cluster);
  const found = references.map((reference) => ({
    reference,
    hit: all.find(({ task }) => task.arn === reference || task.id === reference),
  }));
  return {
    tasks: found.flatMap(({ hit }) => (hit ? [viewTask(hit.service, hit.task, withTags)] : [])),
    failures: found.filter(({ hit }) => !hit).map(({ reference }) => ({ arn: reference, reason: 'MISSING' })),
  };
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_GetTaskProtection.html */
export function getTaskProtection(world: AwsWorld, body: JsonObject): JsonObject {
  const cluster = readCluster(world, body);
  const references = readStrings(body, 'tasks');
  const found = tasksIn(world, cluster).filter(({ task }) => references.length === 0 || references.includes(task.arn));
  const known = found.map(({ task }) => task.arn);
  return {
    protectedTasks: found.map(({ service, task }) => {
      const protectionEnabled = isProtected(world, service, task);
      const until = protectionEnabled ? (service.staging.protection?.until ?? null) : null;
      return compact({ taskArn: task.arn, protectionEnabled, expirationDate: toTimestamp(until) });
    }),
    failures: references.filter((arn) => !known.includes(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
  };
}

function tasksIn(world: AwsWorld, cluster: string): readonly { service: Service; task: Task }[] {
  return world.services
    .filter(({ clusterName }) => clusterName === cluster)
    .flatMap((service) => service.tasks.map((task) => ({ service, task })));
}

function viewTask(service: Service, task: Task, withTags: boolean): JsonObject {
  const { document } = task.revision.taskDefinition;
  return compact({
    attachments: [
      {
        id: `${task.id}-eni`,
        type: 'ElasticNetworkInterface',
        status: task.lastStatus === 'STOPPED' ? 'DELETED' : 'ATTACHED',
        details: [{ name: 'privateIPv4Address', value: task.ip }],
      },
    ],
    availabilityZone: `${service.clusterArn.split(':')[3]}a`,
    clusterArn: service.clusterArn,
    connectivity: task.startedAt === null ? null : 'CONNECTED',
    connectivityAt: toTimestamp(task.startedAt),
    containers: task.containers.map((container) => viewContainer(task, container)),
    cpu: readString(document, 'cpu') ?? '256',
    createdAt: toTimestamp(task.createdAt),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: false,
    executionStoppedAt: toTimestamp(task.executionStoppedAt),
    group: `service:${service.name}`,
    healthStatus: healthStatusOf(task),
    lastStatus: task.lastStatus,
    launchType: 'FARGATE',
    memory: readString(document, 'memory') ?? '512',
    overrides: { containerOverrides: task.containers.map(({ name }) => ({ name })) },
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    pullStartedAt: toTimestamp(task.pullStartedAt),
    pullStoppedAt: toTimestamp(task.pullStoppedAt),
    startedAt: toTimestamp(task.startedAt),
    startedBy: task.startedBy,
    stopCode: task.stopCode,
    stoppedAt: toTimestamp(task.stoppedAt),
    stoppedReason: task.stoppedReason,
    stoppingAt: toTimestamp(task.stoppingAt),
    ...(withTags ? { tags: [] } : {}),
    taskArn: task.arn,
    taskDefinitionArn: task.revision.taskDefinition.arn,
    version: 1 + Number(task.startedAt !== null) + Number(task.stoppedAt !== null),
  });
}

function viewContainer(task: Task, container: TaskContainer): JsonObject {
  return compact({
    containerArn: `${task.arn.replace(':task/', ':container/')}/${container.name}`,
    taskArn: task.arn,
    name: container.name,
    image: container.image,
    imageDigest: container.digest,
    runtimeId: container.startedAt === null ? null : container.runtimeId,
    lastStatus: container.lastStatus,
    exitCode: container.exitCode,
    reason: container.reason,
    networkBindings: [],
    networkInterfaces: [{ attachmentId: `${task.id}-eni`, privateIpv4Address: task.ip }],
    healthStatus: healthStatusOf({ ...task, probes: task.probes.filter((probe) => probe.container === container) }),
    cpu: '0',
  });
}
