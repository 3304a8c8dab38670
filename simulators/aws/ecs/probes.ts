import { answerOf } from '../../container-answer.ts';
import type { SimulatedRequest } from '../../edge/host.ts';
import { isObject } from '../../json.ts';
import { readNumber } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import type { Probe, Service, Task, TaskContainer } from './state.ts';

/** Without any health check a task counts as healthy when it has kept running for this long. */
const SETTLE_MS = 10_000;

/** What decides whether this task, which has just started, is healthy. */
export function planProbes(world: AwsWorld, service: Service, task: Task): Probe[] {
  const probes = task.containers.flatMap((container) => containerProbe(world, container));
  const target = service.targetGroup && task.containers.find(({ name }) => name === service.targetGroup?.container);
  if (service.targetGroup && target) {
    const { checkIntervalMs, healthyThreshold, unhealthyThreshold } = service.targetGroup;
    probes.push(probe('target', target, { intervalMs: checkIntervalMs, healthyThreshold, unhealthyThreshold }));
  }
  if (probes.length > 0) return probes;
  const first = task.containers.find(({ essential }) => essential) ?? task.containers[0]!;
  return [probe('settle', first, { intervalMs: SETTLE_MS, healthyThreshold: 1, unhealthyThreshold: 1 })];
}

/** Looks once. Says when to look again; null: this probe's answer can't change any more. */
export function check(world: AwsWorld, service: Service, probe: Probe): number | null {
  const failure = probe.kind === 'settle' ? null : look(world, service, probe);
  const { now } = world.queue;
  if (failure === null) {
    probe.passes += 1;
    probe.failures = 0;
    if (probe.passes >= probe.healthyThreshold) probe.state = 'healthy';
  } else if (now >= probe.countsFrom) {
    probe.failures += 1;
    probe.passes = 0;
    if (probe.failures >= probe.unhealthyThreshold) probe.state = 'unhealthy';
  }
  probe.failure = failure;
  return nextCheck(probe, now);
}

export function isHealthy(task: Task): boolean {
  return (
    task.desiredStatus === 'RUNNING' &&
    task.lastStatus === 'RUNNING' &&
    task.probes.every(({ state }) => state === 'healthy')
  );
}

export function healthStatusOf(task: Task): 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN' {
  const states = task.probes.filter(({ kind }) => kind === 'container').map(({ state }) => state);
  if (states.includes('unhealthy')) return 'UNHEALTHY';
  return states.length > 0 && states.every((state) => state === 'healthy') ? 'HEALTHY' : 'UNKNOWN';
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html */
function containerProbe(world: AwsWorld, container: TaskContainer): Probe[] {
  const healthCheck = container.definition['healthCheck'];
  if (!isObject(healthCheck)) return [];
  const thresholds = {
    intervalMs: (readNumber(healthCheck, 'interval') ?? 30) * 1_000,
    healthyThreshold: 1,
    unhealthyThreshold: readNumber(healthCheck, 'retries') ?? 3,
  };
  const countsFrom = world.queue.now + (readNumber(healthCheck, 'startPeriod') ?? 0) * 1_000;
  return [{ ...probe('container', container, thresholds), countsFrom }];
}

function probe(
  kind: Probe['kind'],
  container: TaskContainer,
  thresholds: Pick<Probe, 'intervalMs' | 'healthyThreshold' | 'unhealthyThreshold'>,
): Probe {
  return { kind, container, ...thresholds, countsFrom: 0, passes: 0, failures: 0, state: 'initial', failure: null };
}

function look(world: AwsWorld, service: Service, probe: Probe): Probe['failure'] {
  const { behaviour, startedAt, lastStatus } = probe.container;
  const path = probe.kind === 'target' ? (service.targetGroup?.healthCheckPath ?? '/') : '/';
  const uptimeMs = world.queue.now - (startedAt ?? world.queue.now);
  const request = healthCheckRequest(path);
  const answer =
    behaviour && lastStatus === 'RUNNING' ? answerOf(behaviour, { request, uptimeMs, requestNumber: null }) : null;
  if (!answer) return { reason: 'Target.FailedHealthChecks', description: 'Health checks failed' };
  if (probe.kind === 'target' ? answer.status === 200 : answer.status < 500) return null;
  return {
    reason: 'Target.ResponseCodeMismatch',
    description: `Health checks failed with these codes: [${answer.status}]`,
  };
}

function healthCheckRequest(path: string): SimulatedRequest {
  const headers = { 'user-agent': 'ELB-HealthChecker/2.0' };
  return { method: 'GET', url: new URL(path, 'http://target'), headers, body: Buffer.alloc(0) };
}

function nextCheck(probe: Probe, now: number): number | null {
  if (probe.state !== 'healthy' || probe.failure) return now + probe.intervalMs;
  const { behaviour, startedAt } = probe.container;
  if (probe.kind === 'settle' || !behaviour || behaviour.unhealthyAfterMs === null) return null;
  const failsFrom = (startedAt ?? now) + behaviour.unhealthyAfterMs;
  return Math.max(1, Math.ceil((failsFrom - now) / probe.intervalMs)) * probe.intervalMs + now;
}
