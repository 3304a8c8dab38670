import { readObjects, readString } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import { writeContainerLog } from './container-log.ts';
import { addEvent } from './events.ts';
import { check, planProbes } from './probes.ts';
import type { Deployment, Probe, Service, Task, TaskContainer } from './state.ts';
import { createTask, sendsOtherLogin, tryPull } from './task-create.ts';

/** Fargate's usual pace, from the moment a task is started. */
const PENDING_AFTER_MS = 2_000;
const PULL_AFTER_MS = 4_000;
const PULLED_AFTER_MS = 9_000;
const RUNNING_AFTER_MS = 10_000;
const DEPROVISION_MS = 2_000;
const STOPPED_TASK_KEPT_MS = 3_600_000;

/** Where tasks live, and who is told. */
export interface TaskHome {
  readonly world: AwsWorld;
  readonly service: Service;
  /** The task has failed and is being stopped. */
  failed(task: Task): void;
  /** A state that the scheduler looks at has changed. */
  changed(task: Task): void;
}

interface Stop {
  readonly code: string;
  readonly reason: string;
  readonly failed: boolean;
}

export function startTask(home: TaskHome, deployment: Deployment): Task {
  const task = createTask(home.world, home.service, deployment);
  home.service.tasks.push(task);
  const later = (delayMs: number, run: () => void): void =>
    home.world.queue.add(task.createdAt + delayMs, () => {
      if (task.desiredStatus === 'RUNNING') run();
    });
  const fails = home.service.staging.failingStarts.shift() ?? null;
  later(PENDING_AFTER_MS, () => {
    task.lastStatus = 'PENDING';
  });
  later(PULL_AFTER_MS, () => {
    task.pullStartedAt = home.world.queue.now;
    const missing = findMissingSecret(home.world, task);
    if (missing !== null) failToStart(home, task, missingSecretReason(missing));
    else if (fails !== null) failToStart(home, task, fails);
  });
  later(PULLED_AFTER_MS, () => pullImages(home, task));
  later(RUNNING_AFTER_MS, () => run(home, task));
  return task;
}

/** Ends a task: out of the load balancer first, then its containers. */
export function stopTask(home: TaskHome, task: Task, stop: Stop): void {
  if (task.desiredStatus === 'STOPPED') return;
  const { queue } = home.world;
  task.desiredStatus = 'STOPPED';
  task.stopCode = stop.code;
  task.stoppedReason = stop.reason;
  task.failed = stop.failed;
  task.stoppingAt = queue.now;
  const drains = task.target === 'registered' && stop.code !== 'EssentialContainerExited';
  if (task.target === 'registered') deregister(home, task, drains ? 'draining' : 'none');
  if (drains) task.lastStatus = 'DEACTIVATING';
  queue.add(queue.now + (drains ? home.service.staging.deregistrationDelayMs : 0), () => endContainers(home, task));
  if (stop.failed) home.failed(task);
  home.changed(task);
}

/** What a running container will do by itself, and when it is looked at. */
export function watchTask(home: TaskHome, task: Task): void {
  for (const container of task.containers) scheduleCrash(home, task, container);
  for (const probe of task.probes) scheduleCheck(home, { task, probe, at: home.world.queue.now + probe.intervalMs });
}

function pullImages(home: TaskHome, task: Task): void {
  task.pullStoppedAt = home.world.queue.now;
  const denied = home.service.staging.pullDenied;
  const missing = denied ? task.containers[0] : tryPull(home.world, task);
  if (!missing) return;
  const why =
    denied || sendsOtherLogin(missing)
      ? 'unexpected status from HEAD request: 403 Forbidden'
      : `${missing.image}: not found`;
  const reason =
    'CannotPullContainerError: pull image manifest has been retried 1 time(s): ' +
    `failed to resolve ref ${missing.image}: ${why}`;
  missing.reason = reason;
  failToStart(home, task, reason);
}

function failToStart(home: TaskHome, task: Task, reason: string): void {
  stopTask(home, task, { code: 'TaskFailedToStart', reason, failed: true });
}

function run(home: TaskHome, task: Task): void {
  const { queue } = home.world;
  task.lastStatus = 'RUNNING';
  task.startedAt = queue.now;
  for (const container of task.containers) {
    container.lastStatus = 'RUNNING';
    container.startedAt = queue.now;
    writeContainerLog(home.world, task, { container, lines: container.behaviour?.logs ?? [] });
  }
  task.probes = planProbes(home.world, home.service, task);
  if (task.probes.some(({ kind }) => kind === 'target')) register(home, task);
  watchTask(home, task);
  home.changed(task);
}

function register({ world, service }: TaskHome, task: Task): void {
  const { arn } = service.targetGroup!;
  if (service.staging.targetGroupDeleted) {
    addEvent(
      world,
      service,
      `failed to register targets in (target-group ${arn}) with (error The specified target group does not exist)`,
    );
    return;
  }
  task.target = 'registered';
  addEvent(world, service, `registered 1 targets in (target-group ${arn})`);
}

function deregister({ world, service }: TaskHome, task: Task, to: 'draining' | 'none'): void {
  task.target = to;
  addEvent(world, service, `deregistered 1 targets in (target-group ${service.targetGroup?.arn})`);
  if (to === 'draining') addEvent(world, service, 'has begun draining connections on 1 tasks.');
}

function scheduleCrash(home: TaskHome, task: Task, container: TaskContainer): void {
  const crash = container.behaviour?.crash;
  if (!crash) return;
  home.world.queue.add((container.startedAt ?? home.world.queue.now) + crash.afterMs, () => {
    if (container.lastStatus !== 'RUNNING') return;
    writeContainerLog(home.world, task, { container, lines: crash.logs });
    container.lastStatus = 'STOPPED';
    container.exitCode = crash.exitCode;
    if (crash.exitCode === 137) container.reason = 'OutOfMemoryError: Container killed due to memory usage';
    if (!container.essential) return;
    stopTask(home, task, {
      code: 'EssentialContainerExited',
      reason: 'Essential container in task exited',
      failed: true,
    });
  });
}

function scheduleCheck(
  home: TaskHome,
  next: { readonly task: Task; readonly probe: Probe; readonly at: number },
): void {
  const { task, probe } = next;
  home.world.queue.add(next.at, () => {
    if (task.desiredStatus === 'STOPPED') return;
    if (probe.kind === 'target' && (task.target !== 'registered' || home.service.staging.targetGroupDeleted)) return;
    const before = probe.state;
    const at = check(home.world, home.service, probe);
    if (at !== null) scheduleCheck(home, { task, probe, at });
    if (probe.state === 'unhealthy') stopUnhealthy(home, task, probe);
    else if (probe.state !== before) home.changed(task);
  });
}

/** The load balancer's verdict counts only after the service's grace period; the container's own always. */
function stopUnhealthy(home: TaskHome, task: Task, probe: Probe): void {
  const { world, service } = home;
  if (probe.kind === 'container') {
    addEvent(world, service, `(task ${task.id}) failed container health checks.`);
    stopTask(home, task, {
      code: 'ServiceSchedulerInitiated',
      reason: 'Task failed container health checks',
      failed: true,
    });
    return;
  }
  if (world.queue.now < (task.startedAt ?? 0) + service.healthCheckGracePeriodMs) {
    home.changed(task);
    return;
  }
  const { arn, port } = service.targetGroup!;
  const why = probe.failure?.description ?? 'Health checks failed';
  addEvent(world, service, `(port ${port}) is unhealthy in (target-group ${arn}) due to (reason ${why})`);
  const reason = `Task failed ELB health checks in (target-group ${arn})`;
  stopTask(home, task, { code: 'ServiceSchedulerInitiated', reason, failed: true });
}

function endContainers(home: TaskHome, task: Task): void {
  const { queue } = home.world;
  task.target = 'none';
  task.lastStatus = 'DEPROVISIONING';
  task.executionStoppedAt = queue.now;
  for (const container of task.containers) {
    if (container.lastStatus === 'RUNNING') container.exitCode = 143;
    container.lastStatus = 'STOPPED';
  }
  queue.add(queue.now + DEPROVISION_MS, () => {
    task.lastStatus = 'STOPPED';
    task.stoppedAt = queue.now;
    queue.add(queue.now + STOPPED_TASK_KEPT_MS, () => {
      home.service.tasks = home.service.tasks.filter((other) => other !== task);
    });
    home.changed(task);
  });
}

function findMissingSecret(world: AwsWorld, task: Task): string | null {
  const references = task.containers.flatMap(({ definition }) =>
    readObjects(definition, 'secrets').map((secret) => readString(secret, 'valueFrom') ?? ''),
  );
  return references.find((reference) => world.missingSecrets.has(reference)) ?? null;
}

function missingSecretReason(reference: string): string {
  return (
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ' +
    `unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${reference} ` +
    "from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."
  );
}
