import type { Container, Service, Task } from '@aws-sdk/client-ecs';

/**
 * Why the deployment cannot succeed any more; null: nothing says so yet. The circuit breaker needs at least three failed
 * tasks and there may be none; without one a crash loop goes on without end (aws/amazon-ecs-agent#815). What may pass
 * (capacity, a time-out of the network) is left to the breaker. `desired`: tasks that the service should run.
 */
export function findEarlyFailure(stopped: readonly Task[], desired: number): string | null {
  const failures = stopped.filter(failedByItself);
  const permanent = failures.find(isPermanent);
  const lasting = failures.filter((task) => !mayPass(task));
  const worst = permanent ?? lasting[0];
  if (!worst || (!permanent && !isPattern(lasting, desired))) return null;
  const times = failures.length > 1 ? ` (${failures.length} tasks so far)` : '';
  return `${describeStoppedTask(worst)}${times}`;
}

/** As the breaker's threshold grows with the service: two tasks of twenty that crash don't keep the others from running. */
function isPattern(failures: readonly Task[], desired: number): boolean {
  return failures.length >= halfOf(desired, { atLeast: 2 }) && countRounds(failures) >= 2;
}

/** Starts one after the other: tasks that stop together may have died of one passing thing. */
function countRounds(failures: readonly Task[]): number {
  const times = failures.map(({ createdAt, stoppedAt }) => ({
    created: createdAt?.getTime() ?? 0,
    stopped: stoppedAt?.getTime() ?? 0,
  }));
  let rounds = 0;
  let ended = Number.NEGATIVE_INFINITY;
  for (const { created, stopped } of times.toSorted((a, b) => a.stopped - b.stopped)) {
    if (created < ended) continue;
    rounds += 1;
    ended = stopped;
  }
  return rounds;
}

/**
 * What the service itself says that makes waiting useless; null: nothing. Without its target group a task runs and is
 * never healthy, and no task fails (aws/containers-roadmap#1884). Percentages that let it neither stop nor start a task
 * change only by hand: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
 */
export function findPermanentFailure(messages: readonly string[]): string | null {
  return messages.find((message) => PERMANENT_EVENT.test(message)) ?? null;
}

const PERMANENT_EVENT =
  /failed to register targets.*does not exist|unable to stop or start tasks during a deployment because of the service deployment configuration/i;

/**
 * Each host that fits has the port in use, and the minimum lets ECS stop none of the tasks that use it. null: a task may be
 * stopped, or a capacity provider may add a host.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
 */
export function findPortInUse(messages: readonly string[], service: Service): string | null {
  const said = messages.find((message) => /already using a port required by your task/i.test(message));
  const { desiredCount: desired = 1, deploymentConfiguration, capacityProviderStrategy = [] } = service;
  const minimum = deploymentConfiguration?.minimumHealthyPercent ?? 100;
  if (!said || capacityProviderStrategy.length > 0 || Math.ceil((desired * minimum) / 100) < desired) return null;
  return `${said} (minimumHealthyPercent ${minimum} lets ECS stop none of the ${desired} running)`;
}

/**
 * The platform's own count, where no task can be read that says why: as many failures in a row as the breaker would take.
 * null: no such count, or no such event, or tasks wait for room.
 */
export function findUnexplainedFailure(
  events: readonly string[],
  { failedTasks, desired }: { readonly failedTasks: number; readonly desired: number },
): string | null {
  const said = events.find((message) => /unable to consistently start tasks/i.test(message));
  const waitsForRoom = events.some((message) => /unable to place a task/i.test(message));
  if (!said || waitsForRoom || failedTasks < halfOf(desired, { atLeast: 3 })) return null;
  return `${failedTasks} tasks in a row failed: ${said}`;
}

/** `task 0f3c91d2 stopped: EssentialContainerExited, container web exit code 1`. */
export function describeStoppedTask(task: Task): string {
  const containers = failedContainers(task).map(describeContainer);
  const reason = task.stoppedReason && !isRedundant(task.stoppedReason) ? [task.stoppedReason] : [];
  const causes = [task.stopCode ?? 'no stop code', ...reason, ...containers];
  return `task ${shortTaskId(task)} stopped: ${[...new Set(causes)].join(', ')}`;
}

function shortTaskId(task: Task): string {
  return taskId(task).slice(0, 8);
}

/** The last part of the task's ARN: also the last part of its log streams' names. */
export function taskId(task: Task): string {
  const arn = task.taskArn ?? '';
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** Did it stop because of what it is, and not because it was scaled, moved or replaced? */
export function failedByItself(task: Task): boolean {
  const { stopCode = '', stoppedReason = '' } = task;
  if (stopCode === 'TaskFailedToStart' || stopCode === 'EssentialContainerExited') return true;
  if (/failed (?:ELB|container) health checks/i.test(stoppedReason)) return true;
  // AWS adds stop codes. One that is unknown counts where a container exited by itself, not by a signal from outside.
  const isUnknown = stopCode !== '' && !ENDED_BY_OTHERS.has(stopCode);
  return isUnknown && (task.containers ?? []).some(({ exitCode = 0 }) => ![0, 137, 143].includes(exitCode));
}

const ENDED_BY_OTHERS = new Set([
  'UserInitiated',
  'ServiceSchedulerInitiated',
  'SpotInterruption',
  'TerminationNotice',
  'InfrastructureHealth',
]);

/** Of a stopped task: those that say something about why. */
export function failedContainers(task: Task): readonly Container[] {
  return (task.containers ?? []).filter(({ exitCode, reason }) => (exitCode ?? 0) !== 0 || reason);
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentCircuitBreaker.html */
function halfOf(desired: number, { atLeast }: { readonly atLeast: number }): number {
  return Math.min(MOST_FAILURES, Math.max(atLeast, Math.ceil(desired / 2)));
}

const MOST_FAILURES = 200;

const PERMANENT_PULL_ERROR =
  /manifest.{0,200}(?:unknown|not found)|not found|does not exist|no matching manifest|pull access denied|invalid reference|not authorized/i;
const PERMANENT_START_ERROR =
  /AccessDenied|not authorized|ResourceNotFound|can't find the specified|did not find|not found|invalid ssm parameters|invalid character|ValidationException/i;

/** Before a container ran: what is between the task and what it needs, not what the task is. */
const PASSING =
  /time-?out|timed out|deadline exceeded|connection re(?:set|fused)|throttl|toomanyrequests|too many requests|rate exceeded|\b429\b|\b50[0234]\b|unexpected EOF|temporary failure|capacity|RESOURCE:|network interface|\bENI\b|InternalError|internal error|service unavailable/i;

function mayPass(task: Task): boolean {
  return task.stopCode === 'TaskFailedToStart' && PASSING.test(textOf(task));
}

function textOf(task: Task): string {
  return [task.stoppedReason, ...(task.containers ?? []).map(({ reason }) => reason)].join('\n');
}

function isPermanent(task: Task): boolean {
  if (mayPass(task)) return false;
  const text = textOf(task);
  if (/CannotPull\w*Error/.test(text)) return PERMANENT_PULL_ERROR.test(text);
  return /ResourceInitializationError/.test(text) && PERMANENT_START_ERROR.test(text);
}

function describeContainer({ name, exitCode, reason }: Container): string {
  const exit = exitCode === undefined ? '' : ` exit code ${exitCode}`;
  return `container ${name}${exit}${reason ? `: ${reason}` : ''}`;
}

/** "Essential container in task exited" repeats the stop code. */
function isRedundant(stoppedReason: string): boolean {
  return /^Essential container in task exited$/i.test(stoppedReason);
}
