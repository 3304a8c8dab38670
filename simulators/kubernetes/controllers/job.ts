import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { deleteObject } from '../delete.ts';
import { edit } from '../edit.ts';
import { record } from '../events.ts';
import { isDeleting, isReady, numberAt, withStatus } from '../object.ts';
import { JOBS, PODS } from '../resources.ts';
import { type ClusterWorld, timeOf } from '../world.ts';
import { createPod } from './create-pod.ts';
import { podsOf } from './pods-of.ts';
import { type Controller, findByKey, ownKeys } from './runtime.ts';

const BY = 'job-controller';
const RETRY_MS = 10_000;

export function jobController(world: ClusterWorld): Controller {
  return {
    delayMs: 5,
    keysOf: (change) => ([JOBS, PODS].includes(change.kind) ? ownKeys(change, JOBS) : []),
    sync(key) {
      const job = findByKey(world, JOBS, key);
      if (!job || isDeleting(job)) return null;
      return endOf(job) === null ? run(world, job) : expire(world, job);
    },
  };
}

/** How it ended; null: it hasn't. */
function endOf(job: JsonObject): JsonObject | null {
  return (
    objectsAt(job, 'status', 'conditions').find(
      ({ type, status }) => ['Complete', 'Failed'].includes(String(type)) && status === 'True',
    ) ?? null
  );
}

function run(world: ClusterWorld, job: JsonObject): number | null {
  const pods = podsOf(world, job);
  const inPhase = (phase: string): readonly JsonObject[] =>
    pods.filter((pod) => textAt(pod, 'status', 'phase') === phase);
  const [succeeded, failed] = [inPhase('Succeeded').length, inPhase('Failed').length];
  const active = pods.filter((pod) => !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')));
  const counts = { active: active.length, ready: active.filter(isReady).length, succeeded, failed };
  if (succeeded >= numberAt(job, 'spec', 'completions'))
    return end(world, job, {
      counts: { ...counts, active: 0 },
      type: 'Complete',
      reason: 'CompletionsReached',
      message: 'Reached expected number of succeeded pods',
    });
  if (failed > numberAt(job, 'spec', 'backoffLimit'))
    return end(world, job, {
      counts,
      type: 'Failed',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    });
  const deadline = numberAt(job, 'spec', 'activeDeadlineSeconds') * 1_000;
  const startedAt = Date.parse(textAt(job, 'status', 'startTime') || timeOf(world));
  const left = deadline === 0 ? null : startedAt + deadline - world.queue.now;
  if (left !== null && left <= 0)
    return end(world, job, {
      counts,
      type: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Job was active longer than specified deadline',
    });
  const missing =
    Math.min(numberAt(job, 'spec', 'parallelism'), numberAt(job, 'spec', 'completions') - succeeded) - active.length;
  const waitMs = untilRetry(world, pods, failed);
  if (objectAt(job, 'spec')['suspend'] !== true && waitMs === 0)
    for (let index = 0; index < missing; index += 1)
      createPod(world, job, { template: objectAt(job, 'spec', 'template'), by: BY });
  const now = podsOf(world, job).filter((pod) => !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')));
  write(world, job, { ...counts, active: now.length }, []);
  const waits = [left, missing > 0 && waitMs > 0 ? waitMs : null].filter((one) => one !== null);
  return waits.length > 0 ? Math.min(...waits) : null;
}

/** 10 s after the first failure, then twice as long each time. */
function untilRetry(world: ClusterWorld, pods: readonly JsonObject[], failed: number): number {
  if (failed === 0) return 0;
  const ends = pods
    .flatMap((pod) => objectsAt(pod, 'status', 'containerStatuses'))
    .map((one) => Date.parse(textAt(one, 'state', 'terminated', 'finishedAt')) || 0);
  return Math.max(0, Math.max(...ends) + RETRY_MS * 2 ** (failed - 1) - world.queue.now);
}

interface End {
  readonly counts: JsonObject;
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

function end(world: ClusterWorld, job: JsonObject, { counts, type, reason, message }: End): number | null {
  const now = timeOf(world);
  const first = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const condition = { status: 'True', lastProbeTime: now, lastTransitionTime: now, reason, message };
  for (const pod of podsOf(world, job)) {
    const isOver = ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'));
    if (!isOver && !isDeleting(pod)) deleteObject(world, PODS, pod, { options: {}, dryRun: false });
  }
  const done = type === 'Complete' ? { completionTime: now } : {};
  write(world, job, { ...counts, ...done }, [
    { type: first, ...condition },
    { type, ...condition },
  ]);
  const isGood = type === 'Complete';
  record(world, job, {
    type: isGood ? 'Normal' : 'Warning',
    reason: isGood ? 'Completed' : reason,
    message: isGood ? 'Job completed' : message,
    by: BY,
  });
  return null;
}

function write(world: ClusterWorld, job: JsonObject, status: JsonObject, conditions: readonly JsonObject[]): void {
  const nonZero = Object.fromEntries(
    Object.entries(status).map(([name, value]) => [name, value === 0 && name !== 'ready' ? undefined : value]),
  );
  edit(world, JOBS, {
    object: job,
    subresource: 'status',
    change: (one) =>
      withStatus(one, {
        startTime: textAt(one, 'status', 'startTime') || timeOf(world),
        ...nonZero,
        ...(conditions.length > 0 ? { conditions } : {}),
        ...{ terminating: 0, uncountedTerminatedPods: {} },
      }),
  });
}

/** It may say itself when it goes. */
function expire(world: ClusterWorld, job: JsonObject): number | null {
  const seconds = objectAt(job, 'spec')['ttlSecondsAfterFinished'];
  if (typeof seconds !== 'number') return null;
  const left = Date.parse(textAt(endOf(job) ?? {}, 'lastTransitionTime')) + seconds * 1_000 - world.queue.now;
  if (left > 0) return left;
  deleteObject(world, JOBS, job, { options: { propagationPolicy: 'Background' }, dryRun: false });
  return null;
}
