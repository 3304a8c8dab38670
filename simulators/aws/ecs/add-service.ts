import { EventQueue } from '../../event-queue.ts';
import type { JsonObject } from '../../json.ts';
import { type AwsWorld, arnOf } from '../world.ts';
import { addDeployment, createRecord, createRevision } from './deployment-start.ts';
import { addEvent } from './events.ts';
import { planProbes } from './probes.ts';
import { startRollout } from './rollout.ts';
import { homeOf } from './scheduler.ts';
import type { Service, Staging, TargetGroup, TaskDefinition } from './state.ts';
import { createTask, tryPull } from './task-create.ts';
import { addTaskDefinition } from './task-definitions.ts';
import { watchTask } from './task-life.ts';

export interface ServiceOptions {
  readonly cluster: string;
  readonly service: string;
  /** Default: the service's name. */
  readonly family?: string;
  /** Full reference of the image that already runs, in a container `app`. */
  readonly image?: string;
  /** Instead of `image`: container definitions, unknown members allowed. */
  readonly containers?: readonly JsonObject[];
  readonly desiredCount: number;
  readonly loadBalanced: boolean;
  readonly circuitBreaker?: { readonly enable: boolean; readonly rollback: boolean };
  readonly minimumHealthyPercent?: number;
  readonly maximumPercent?: number;
  /** Raw members of the task definition: how unknown ones are planted. */
  readonly taskDefinitionExtras?: JsonObject;
  /** Raw members of the service. */
  readonly serviceExtras?: JsonObject;
  readonly taskDefinitionTags?: readonly JsonObject[];
  readonly tags?: readonly JsonObject[];
  readonly deploymentController?: Service['deploymentController'];
  readonly schedulingStrategy?: Service['schedulingStrategy'];
  /** More host names of the load balancer: `agent.acme.dev`. */
  readonly customDomains?: readonly string[];
  readonly healthCheckGracePeriodSeconds?: number;
  readonly targetGroup?: Partial<
    Pick<
      TargetGroup,
      'listenerProtocol' | 'healthCheckPath' | 'checkIntervalMs' | 'healthyThreshold' | 'unhealthyThreshold'
    >
  >;
  readonly staging?: Partial<Staging>;
  /** How long ago it was deployed; default: a day. */
  readonly steadyForMs?: number;
  /** True: the service is only being created, so its first rollout starts now and there is nothing to roll back to. */
  readonly isNew?: boolean;
}

const A_DAY_MS = 24 * 3_600_000;

const textbook: Omit<Staging, 'failingStarts'> = {
  listingLagMs: 3_000,
  completionLagMs: 2_000,
  deregistrationDelayMs: 30_000,
  keepFailedDeploymentMs: 0,
  countsFailures: true,
  runningResetsFailures: false,
  targetGroupDeleted: false,
  pullDenied: false,
  missingUntil: 0,
  capacity: null,
  portInUse: false,
  surplus: 0,
  protection: null,
};

/** Adds a service that has been steady for a while. @throws Error where its own image can't be pulled. */
export function addService(world: AwsWorld, options: ServiceOptions): Service {
  const since = world.queue.now - (options.steadyForMs ?? A_DAY_MS);
  const past: AwsWorld = options.isNew ? world : { ...world, queue: new EventQueue(since) };
  const taskDefinition = addTaskDefinition(past, taskDefinitionOf(world, options));
  const service = createService(past, options, taskDefinition);
  world.clusters.add(options.cluster);
  world.services.push(service);
  if (options.isNew) startRollout(world, service, taskDefinition);
  else makeSteady(world, past, service);
  return service;
}

function taskDefinitionOf(world: AwsWorld, options: ServiceOptions): JsonObject {
  const family = options.family ?? options.service;
  const logOptions = {
    'awslogs-group': `/ecs/${family}`,
    'awslogs-region': world.region,
    'awslogs-stream-prefix': 'ecs',
  };
  const app: JsonObject = {
    name: 'app',
    image: options.image,
    portMappings: [{ containerPort: 8080, hostPort: 8080, protocol: 'tcp' }],
    logConfiguration: { logDriver: 'awslogs', options: logOptions },
  };
  return {
    family,
    containerDefinitions: options.containers ?? [app],
    executionRoleArn: `arn:aws:iam::${world.account}:role/ecsTaskExecutionRole`,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    ...(options.taskDefinitionTags ? { tags: options.taskDefinitionTags } : {}),
    ...options.taskDefinitionExtras,
  };
}

function createService(world: AwsWorld, options: ServiceOptions, taskDefinition: TaskDefinition): Service {
  const { cluster, service: name } = options;
  const schedulingStrategy = options.schedulingStrategy ?? 'REPLICA';
  const targetGroup = options.loadBalanced ? createTargetGroup(world, options) : null;
  const subnets = { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'], assignPublicIp: 'DISABLED' };
  return {
    name,
    arn: arnOf(world, 'ecs', `service/${cluster}/${name}`),
    clusterArn: arnOf(world, 'ecs', `cluster/${cluster}`),
    clusterName: cluster,
    createdAt: world.queue.now,
    status: 'ACTIVE',
    desiredCount: options.desiredCount,
    schedulingStrategy,
    deploymentController: options.deploymentController ?? 'ECS',
    deploymentConfiguration: {
      strategy: 'ROLLING',
      deploymentCircuitBreaker: options.circuitBreaker ?? { enable: false, rollback: false },
      maximumPercent: options.maximumPercent ?? (schedulingStrategy === 'DAEMON' ? 100 : 200),
      minimumHealthyPercent: options.minimumHealthyPercent ?? (schedulingStrategy === 'DAEMON' ? 0 : 100),
    },
    healthCheckGracePeriodMs: (options.healthCheckGracePeriodSeconds ?? 0) * 1_000,
    extras: { networkConfiguration: { awsvpcConfiguration: subnets }, ...options.serviceExtras },
    tags: options.tags ?? [],
    targetGroup,
    hostnames: targetGroup ? [targetGroup.dnsName, ...(options.customDomains ?? [])] : [],
    staging: { ...textbook, failingStarts: [], ...options.staging },
    taskDefinition,
    deployments: [],
    records: [],
    revisions: [],
    tasks: [],
    events: [],
    turn: 0,
  };
}

function createTargetGroup(world: AwsWorld, options: ServiceOptions): TargetGroup {
  const name = options.service.slice(0, 32);
  const loadBalancer = `loadbalancer/app/${name}/${world.ids.hex(16)}`;
  const first = options.containers?.find(({ portMappings }) => Array.isArray(portMappings)) ?? options.containers?.[0];
  const ports = (first?.['portMappings'] ?? []) as readonly { readonly containerPort?: number }[];
  return {
    arn: arnOf(world, 'elasticloadbalancing', `targetgroup/${name}/${world.ids.hex(16)}`),
    name,
    loadBalancerArn: arnOf(world, 'elasticloadbalancing', loadBalancer),
    loadBalancerName: name,
    listenerArn: arnOf(
      world,
      'elasticloadbalancing',
      `${loadBalancer.replace('loadbalancer', 'listener')}/${world.ids.hex(16)}`,
    ),
    dnsName: `${name}-${world.ids.digits(10)}.${world.region}.elb.amazonaws.com`,
    listenerProtocol: 'HTTPS',
    container: String(first?.['name'] ?? 'app'),
    port: ports[0]?.containerPort ?? 8080,
    healthCheckPath: '/',
    checkIntervalMs: 10_000,
    healthyThreshold: 2,
    unhealthyThreshold: 2,
    createdAt: world.queue.now,
    ...options.targetGroup,
  };
}

function makeSteady(world: AwsWorld, past: AwsWorld, service: Service): void {
  const startedAt = past.queue.now;
  const revision = createRevision(past, service, service.taskDefinition);
  const record = createRecord(past, service, revision);
  const deployment = addDeployment(past, service, { revision, record });
  const finishedAt = startedAt + 60_000;
  Object.assign(record, { status: 'SUCCESSFUL', startedAt, finishedAt, updatedAt: finishedAt });
  deployment.rolloutState = 'COMPLETED';
  deployment.rolloutStateReason = `ECS deployment ${deployment.id} completed.`;
  for (let count = 0; count < service.desiredCount; count += 1) addSteadyTask(world, past, service);
  addEvent(past, service, `(deployment ${deployment.id}) deployment completed.`);
  addEvent(past, service, 'has reached a steady state.');
}

function addSteadyTask(world: AwsWorld, past: AwsWorld, service: Service): void {
  const task = createTask(past, service, service.deployments[0]!);
  const missing = tryPull(world, task);
  if (missing)
    throw new Error(`the service ${service.name} can't be steady: no registry has the image ${missing.image}`);
  service.tasks.push(task);
  Object.assign(task, { lastStatus: 'RUNNING', startedAt: task.createdAt, pullStartedAt: task.createdAt });
  for (const container of task.containers) {
    container.lastStatus = 'RUNNING';
    // Its uptime begins just before now, so that "unhealthy after 40 s" can still be seen.
    container.startedAt = world.queue.now - (container.behaviour?.readyAfterMs ?? 0);
  }
  task.probes = planProbes(past, service, task);
  for (const probe of task.probes) Object.assign(probe, { state: 'healthy', passes: probe.healthyThreshold });
  if (task.probes.some(({ kind }) => kind === 'target')) task.target = 'registered';
  watchTask(homeOf(world, service), task);
}
