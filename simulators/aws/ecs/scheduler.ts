import { readNumber } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import { complete, fail, rollBack } from './deployment-end.ts';
import { addEvent } from './events.ts';
import { isHealthy } from './probes.ts';
import type { Deployment, Service, Task } from './state.ts';
import { startTask, stopTask, type TaskHome } from './task-life.ts';

const FREE_FAILURES = 3;
const LONGEST_THROTTLE_MS = 15 * 60_000;
const PLACEMENT_RETRY_MS = 10_000;

/** Tasks of this service; their ends and health come back to the scheduler. */
export function homeOf(world: AwsWorld, service: Service): TaskHome {
  return {
    world,
    service,
    failed: (task) => countFailure(world, service, task.deployment),
    changed: (task) => {
      const resets = service.staging.runningResetsFailures && task.lastStatus === 'RUNNING' && !task.failed;
      if (isHealthy(task) || resets) task.deployment.failedTasks = 0;
      reconcileSoon(world, service);
    },
  };
}

/**
 * One look at the service: starts and stops what brings it nearer to its PRIMARY deployment, within
 * minimumHealthyPercent and maximumPercent. Called after everything that may matter; more calls change nothing.
 */
export function reconcile(world: AwsWorld, service: Service): void {
  const primary = primaryOf(service);
  if (!primary || service.deploymentController !== 'ECS') return;
  if (primary.rolloutState !== 'FAILED') {
    stopOldTasks(world, service, primary);
    stopSurplusTasks(world, service, primary);
    startTasks(world, service, primary);
  }
  dropEmptyDeployments(world, service);
  noteSteadyState(world, service, primary);
}

/** After the current event: a look in the middle of another one would count tasks that are just being stopped. */
function reconcileSoon(world: AwsWorld, service: Service): void {
  world.queue.add(world.queue.now, () => reconcile(world, service));
}

export function primaryOf(service: Service): Deployment | null {
  return service.deployments.find(({ status }) => status === 'PRIMARY') ?? null;
}

/** clamp(0.5 x desired, 3, 200): https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentCircuitBreaker.html */
export function breakerThreshold(service: Service): number {
  return Math.min(200, Math.max(3, Math.ceil(service.desiredCount * 0.5)));
}

function liveTasks(service: Service, deployment?: Deployment): Task[] {
  return service.tasks.filter(
    (task) => task.desiredStatus === 'RUNNING' && (deployment === undefined || task.deployment === deployment),
  );
}

function stopOldTasks(world: AwsWorld, service: Service, primary: Deployment): void {
  const minimum = Math.ceil((service.desiredCount * limit(service, 'minimumHealthyPercent')) / 100);
  let healthy = liveTasks(service).filter(isHealthy).length;
  const old = liveTasks(service).filter((task) => task.deployment !== primary && !isProtected(world, service, task));
  for (const task of old.sort((a, b) => Number(isHealthy(a)) - Number(isHealthy(b)))) {
    if (isHealthy(task)) {
      if (healthy - 1 < minimum || world.queue.now < primary.startsAfter) continue;
      healthy -= 1;
    }
    stopForScaling(world, service, task);
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html */
export function isProtected(world: AwsWorld, { staging }: Service, task: Task): boolean {
  const { since, until } = staging.protection ?? { since: 0, until: 0 };
  return task.createdAt <= since && world.queue.now < until;
}

function stopSurplusTasks(world: AwsWorld, service: Service, primary: Deployment): void {
  const surplus = liveTasks(service, primary).slice(service.desiredCount);
  for (const task of surplus) stopForScaling(world, service, task);
}

function stopForScaling(world: AwsWorld, service: Service, task: Task): void {
  addEvent(world, service, `has stopped 1 running tasks: (task ${task.id}).`);
  const reason = `Scaling activity initiated by (deployment ${task.startedBy})`;
  stopTask(homeOf(world, service), task, { code: 'ServiceSchedulerInitiated', reason, failed: false });
}

function startTasks(world: AwsWorld, service: Service, primary: Deployment): void {
  const { queue } = world;
  const wanted = service.desiredCount - liveTasks(service, primary).length;
  if (wanted <= 0 || queue.now < primary.startsAfter) return;
  const maximum = Math.floor((service.desiredCount * limit(service, 'maximumPercent')) / 100);
  const room = Math.min(wanted, maximum - liveTasks(service).length);
  for (let count = 0; count < room; count += 1) {
    if (liveTasks(service).length >= (service.staging.capacity ?? Number.POSITIVE_INFINITY)) {
      failToPlace(world, service, primary);
      return;
    }
    const task = startTask(homeOf(world, service), primary);
    addEvent(world, service, `has started 1 tasks: (task ${task.id}).`);
  }
  if (room <= 0 && !service.tasks.some(isStopping) && liveTasks(service).every(isHealthy)) noteDeadlock(world, service);
}

function isStopping(task: Task): boolean {
  return task.desiredStatus === 'STOPPED' && task.lastStatus !== 'STOPPED';
}

function failToPlace(world: AwsWorld, service: Service, primary: Deployment): void {
  // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
  const why = service.staging.portInUse
    ? 'no container instance met all of its requirements. The closest matching (container-instance 0a1b2c3d) is already using a port required by your task'
    : 'Capacity is unavailable at this time. Please try again later or in a different availability zone.';
  addEvent(world, service, `was unable to place a task. Reason: ${why}`);
  waitToStart(world, service, { primary, until: world.queue.now + PLACEMENT_RETRY_MS });
  countFailure(world, service, primary);
}

function noteDeadlock(world: AwsWorld, service: Service): void {
  const text =
    'was unable to stop or start tasks during a deployment because of the service deployment configuration. ' +
    'Update the minimumHealthyPercent or maximumPercent value and try again.';
  if (!service.events[0]?.message.includes(text)) addEvent(world, service, text);
}

/** Throttling grows with failures in a row: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html */
function countFailure(world: AwsWorld, service: Service, deployment: Deployment): void {
  deployment.updatedAt = world.queue.now;
  deployment.record.failureCount += service.staging.countsFailures ? 1 : 0;
  deployment.failedTasks += service.staging.countsFailures ? 1 : 0;
  const beyond = deployment.record.failureCount - FREE_FAILURES;
  if (beyond >= 0 && deployment.status === 'PRIMARY') {
    const throttleMs = Math.min(LONGEST_THROTTLE_MS, 10_000 * 2 ** beyond);
    waitToStart(world, service, { primary: deployment, until: world.queue.now + throttleMs });
    if (beyond === 0)
      addEvent(
        world,
        service,
        'is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.',
      );
  }
  if (deployment.rolloutState === 'IN_PROGRESS' && deployment.status === 'PRIMARY')
    tripBreaker(world, service, deployment);
}

function tripBreaker(world: AwsWorld, service: Service, deployment: Deployment): void {
  const breaker = service.deploymentConfiguration['deploymentCircuitBreaker'] as
    | { enable?: boolean; rollback?: boolean }
    | undefined;
  if (!breaker?.enable || deployment.failedTasks < breakerThreshold(service)) return;
  deployment.record.breakerTriggered = true;
  addEvent(world, service, `(deployment ${deployment.id}) deployment failed: tasks failed to start.`);
  fail(world, deployment, 'ECS deployment circuit breaker: tasks failed to start.');
  if (breaker.rollback) rollBack(world, service, { from: deployment, why: 'breaker' });
  reconcileSoon(world, service);
}

export function waitToStart(
  world: AwsWorld,
  service: Service,
  wait: { readonly primary: Deployment; readonly until: number },
): void {
  if (wait.until <= wait.primary.startsAfter) return;
  wait.primary.startsAfter = wait.until;
  world.queue.add(wait.until, () => reconcile(world, service));
}

function dropEmptyDeployments(world: AwsWorld, service: Service): void {
  const { queue } = world;
  service.deployments = service.deployments.filter((deployment) => {
    if (deployment.status === 'PRIMARY') return true;
    const tasks = service.tasks.filter((task) => task.deployment === deployment);
    if (tasks.some(({ lastStatus }) => lastStatus !== 'STOPPED')) return true;
    const lastStop = Math.max(deployment.createdAt, ...tasks.map(({ stoppedAt }) => stoppedAt ?? 0));
    const until = lastStop + service.staging.keepFailedDeploymentMs;
    if (deployment.rolloutState !== 'FAILED' || queue.now >= until) return false;
    queue.add(until, () => reconcile(world, service));
    return true;
  });
}

function noteSteadyState(world: AwsWorld, service: Service, primary: Deployment): void {
  const { queue } = world;
  const live = liveTasks(service, primary);
  const othersRun = service.tasks.some((task) => task.deployment !== primary && task.lastStatus !== 'STOPPED');
  if (live.length !== service.desiredCount || !live.every(isHealthy) || othersRun) {
    primary.steadySince = null;
    return;
  }
  if (primary.steadySince !== null || !isDecidable(primary)) return;
  primary.steadySince = queue.now;
  const since = queue.now;
  addEvent(world, service, 'has reached a steady state.');
  queue.add(since + service.staging.completionLagMs, () => {
    if (primary.steadySince === since && isDecidable(primary)) complete(world, service, primary);
  });
}

/** It can still succeed or fail by itself: not after a rollback was requested. */
function isDecidable({ status, rolloutState, record }: Deployment): boolean {
  const running = record.status === 'IN_PROGRESS' || record.status === 'ROLLBACK_IN_PROGRESS';
  return status === 'PRIMARY' && rolloutState === 'IN_PROGRESS' && running;
}

function limit(service: Service, name: 'minimumHealthyPercent' | 'maximumPercent'): number {
  const daemon = service.schedulingStrategy === 'DAEMON';
  const fallback = { minimumHealthyPercent: daemon ? 0 : 100, maximumPercent: daemon ? 100 : 200 };
  return readNumber(service.deploymentConfiguration, name) ?? fallback[name];
}
