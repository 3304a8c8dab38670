import { DescribeServicesCommand, type ECSClient, type Service, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { Io } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import { noteUnanswered, type Unanswered } from '../../../model/unanswered.ts';
import { type AwsCall, MISSING_HINT } from '../errors.ts';
import { callAws, readAws } from '../read-aws.ts';
import { sendOnce } from '../send-once.ts';

/** One service and the way to it. */
export interface EcsService {
  readonly cluster: string;
  readonly service: string;
  readonly region: string;
  /** '' until the service was read first. */
  readonly arn: string;
  /** For people: `service agent in cluster production (eu-west-1)`. */
  readonly resource: string;
  readonly client: ECSClient;
  readonly io: Io;
  /** Ends reads and waits when it is aborted. */
  readonly signal: AbortSignal;
  /** IAM actions whose lack was already warned about. */
  readonly warned: Set<string>;
  /** Of the changes that this process sent. */
  readonly unanswered: Unanswered;
  /** A service without tasks may be deployed to. */
  readonly allowsEmpty: boolean;
}

const APPEARS_WITHIN_MS = 10_000;
const APPEARS_PAUSE_MS = 2_000;

/**
 * The service, with some patience: one that was created a moment ago is MISSING at first (reproio/ecs_deploy#60).
 * @throws DeployError as `describeService`.
 */
export async function awaitService(ecs: EcsService): Promise<Service> {
  const { clock, log } = ecs.io;
  const until = clock.now() + APPEARS_WITHIN_MS;
  for (let isFirst = true; ; isFirst = false) {
    const found = await lookUp(ecs);
    if (found.service || found.reason !== 'MISSING' || clock.now() >= until) return ensureThere(ecs, found);
    if (isFirst) log.info(`${ecs.resource} is MISSING; checking again for 10s, as AWS shows a new service late`);
    await clock.sleep(APPEARS_PAUSE_MS, ecs.signal);
  }
}

/** @throws DeployError NOT_FOUND when the cluster or the service is not there, or the service was deleted. */
export async function describeService(ecs: EcsService): Promise<Service> {
  return ensureThere(ecs, await lookUp(ecs));
}

/** ARN of the task definition that it names. @throws DeployError UNSUPPORTED when it names none. */
export function readLive(service: Service): string {
  if (service.taskDefinition) return service.taskDefinition;
  throw new DeployError(
    'UNSUPPORTED',
    `could not deploy to service ${service.serviceName}: it names no task definition`,
    { hint: 'Point the service to a task definition once (aws ecs update-service --task-definition), then run again.' },
  );
}

/** The one call that makes a task definition live. Nothing but it is sent, so that nothing else is reset. */
export async function updateService(
  ecs: EcsService,
  taskDefinition: string,
  options: { readonly force: boolean } = { force: false },
): Promise<void> {
  const command = new UpdateServiceCommand({
    cluster: ecs.cluster,
    service: ecs.service,
    taskDefinition,
    ...(options.force ? { forceNewDeployment: true } : {}),
  });
  // Not aborted by a cancel: whether it took effect must be known before anything is restored.
  const call = { what: `update ${ecs.resource}`, action: 'ecs:UpdateService', holds: ['service'] };
  await noteUnanswered(ecs.unanswered, ecs.io.clock, () => callAws(call, () => ecs.client.send(sendOnce(command))));
}

/** Sends a request that reads: it may be aborted. */
export function readEcs<T>(
  ecs: EcsService,
  call: AwsCall,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  return readAws(ecs, call, send);
}

/**
 * Is one deployment all there is, completed (rolling ones say so) and running every task? More than the desired ones may run
 * while AWS rebalances availability zones.
 */
export function isSteady(service: Service): boolean {
  const [primary, ...others] = service.deployments ?? [];
  if (!primary || others.length > 0 || primary.status !== 'PRIMARY') return false;
  const complete = (primary.rolloutState ?? 'COMPLETED') === 'COMPLETED';
  const named = primary.taskDefinition === service.taskDefinition;
  return complete && named && (service.runningCount ?? 0) >= (service.desiredCount ?? 0);
}

/** Of a rolling deployment, AWS says so here before it lists it. */
export function isInProgress({ deployments = [] }: Service): boolean {
  return deployments.find(({ status }) => status === 'PRIMARY')?.rolloutState === 'IN_PROGRESS';
}

/** `agent:42` of `arn:aws:ecs:eu-west-1:123456789012:task-definition/agent:42`. */
export function shortRevision(taskDefinitionArn: string): string {
  return taskDefinitionArn.slice(taskDefinitionArn.lastIndexOf('/') + 1);
}

interface LookedUp {
  readonly service: Service | null;
  readonly reason: string;
}

async function lookUp(ecs: EcsService): Promise<LookedUp> {
  const command = new DescribeServicesCommand({ cluster: ecs.cluster, services: [ecs.service], include: ['TAGS'] });
  const { services = [], failures = [] } = await readEcs(
    ecs,
    { what: `read ${ecs.resource}`, action: 'ecs:DescribeServices', holds: ['services', 'failures'] },
    (options) => ecs.client.send(command, options),
  );
  return { service: services[0] ?? null, reason: failures[0]?.reason ?? 'no answer' };
}

function ensureThere(ecs: EcsService, { service, reason }: LookedUp): Service {
  // A wrong cluster name comes back with status 200 and a failure (aws-actions/amazon-ecs-deploy-task-definition#312).
  if (!service) throw notFound(ecs, reason);
  if (service.status === 'INACTIVE') throw notFound(ecs, 'INACTIVE, it was deleted');
  return service;
}

function notFound(ecs: EcsService, reason: string): DeployError {
  return new DeployError('NOT_FOUND', `could not find ${ecs.resource}: ${reason}`, {
    hint: MISSING_HINT,
  });
}
