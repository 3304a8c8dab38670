import { type JsonObject, textAt } from '../../json.ts';
import { edit } from '../edit.ts';
import { conditionOf, generationOf, nameOf, numberAt, withStatus } from '../object.ts';
import { DEPLOYMENTS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';
import { hasDeadline, withoutCondition, withRenewed, withSaid } from './deployment-conditions.ts';
import { limitsOf } from './replica-sets-of.ts';

export interface Sets {
  readonly fresh: JsonObject | null;
  readonly old: readonly JsonObject[];
}

/** Writes what the ReplicaSets have come to. Returns when its deadline is over, in milliseconds from now; null: none runs. */
export function syncRolloutStatus(world: ClusterWorld, deployment: JsonObject, sets: Sets): number | null {
  const before =
    world.store.find(DEPLOYMENTS, textAt(deployment, 'metadata', 'namespace'), nameOf(deployment)) ?? deployment;
  const written = edit(world, DEPLOYMENTS, {
    object: before,
    subresource: 'status',
    change: (one) => withFailure(world, withProgress(world, one, withCounts(world, one, sets), sets), sets),
  });
  return msUntilDeadline(world, written);
}

/** Without a word on progress: when it is scaled or paused. */
export function syncCountsOnly(world: ClusterWorld, deployment: JsonObject, sets: Sets): void {
  edit(world, DEPLOYMENTS, {
    object: deployment,
    subresource: 'status',
    change: (one) => withCounts(world, one, sets),
  });
}

function withCounts(world: ClusterWorld, deployment: JsonObject, { fresh, old }: Sets): JsonObject {
  const all = fresh ? [...old, fresh] : old;
  const total = (...path: readonly string[]): number => all.reduce((count, one) => count + numberAt(one, ...path), 0);
  const available = total('status', 'availableReplicas');
  const unavailable = Math.max(0, total('spec', 'replicas') - available);
  const nonZero = (value: number): number | undefined => (value === 0 ? undefined : value);
  const counted = withStatus(deployment, {
    observedGeneration: generationOf(deployment),
    replicas: nonZero(total('status', 'replicas')),
    updatedReplicas: nonZero(fresh ? numberAt(fresh, 'status', 'replicas') : 0),
    readyReplicas: nonZero(total('status', 'readyReplicas')),
    availableReplicas: nonZero(available),
    unavailableReplicas: nonZero(unavailable),
    terminatingReplicas: total('status', 'terminatingReplicas'),
  });
  const enough = available >= numberAt(deployment, 'spec', 'replicas') - limitsOf(deployment).maxUnavailable;
  return withSaid(world, counted, {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  });
}

function withProgress(world: ClusterWorld, before: JsonObject, counted: JsonObject, { fresh }: Sets): JsonObject {
  if (!hasDeadline(counted)) return withoutCondition(counted, 'Progressing');
  const current = conditionOf(before, 'Progressing');
  const isDone =
    statusOf(counted, 'replicas') === statusOf(counted, 'updatedReplicas') &&
    current?.['reason'] === 'NewReplicaSetAvailable';
  if (isDone) return counted;
  const subject = fresh ? `ReplicaSet "${nameOf(fresh)}"` : `Deployment "${nameOf(counted)}"`;
  if (isComplete(counted)) {
    return withSaid(world, counted, {
      type: 'Progressing',
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `${subject} has successfully progressed.`,
    });
  }
  if (hasMoved(before, counted)) {
    return withRenewed(world, counted, {
      type: 'Progressing',
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message: `${subject} is progressing.`,
    });
  }
  if (!isTimedOut(world, counted)) return counted;
  return withSaid(world, counted, {
    type: 'Progressing',
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: `${subject} has timed out progressing.`,
  });
}

/** The failure of the ReplicaSet in force, else that of any other. */
function withFailure(world: ClusterWorld, deployment: JsonObject, { fresh, old }: Sets): JsonObject {
  const failing = [...(fresh ? [fresh] : []), ...old]
    .map((one) => conditionOf(one, 'ReplicaFailure'))
    .find((one) => one !== null);
  if (!failing) return withoutCondition(deployment, 'ReplicaFailure');
  return withSaid(world, deployment, {
    type: 'ReplicaFailure',
    ...{ status: 'True', reason: textAt(failing, 'reason'), message: textAt(failing, 'message') },
  });
}

export function isComplete(deployment: JsonObject): boolean {
  const replicas = numberAt(deployment, 'spec', 'replicas');
  const counts = ['updatedReplicas', 'replicas', 'availableReplicas'];
  return (
    counts.every((name) => statusOf(deployment, name) === replicas) &&
    statusOf(deployment, 'observedGeneration') >= generationOf(deployment)
  );
}

function hasMoved(before: JsonObject, after: JsonObject): boolean {
  const grew = ['updatedReplicas', 'readyReplicas', 'availableReplicas'].some(
    (name) => statusOf(after, name) > statusOf(before, name),
  );
  const oldOnes = (one: JsonObject): number => statusOf(one, 'replicas') - statusOf(one, 'updatedReplicas');
  return grew || oldOnes(after) < oldOnes(before);
}

function isTimedOut(world: ClusterWorld, deployment: JsonObject): boolean {
  const left = msUntilDeadline(world, deployment);
  return left !== null && left <= 0;
}

/** A rollout that was once complete has no deadline any more, whatever becomes of its pods. */
function msUntilDeadline(world: ClusterWorld, deployment: JsonObject): number | null {
  const condition = conditionOf(deployment, 'Progressing');
  const settled = ['NewReplicaSetAvailable', 'ProgressDeadlineExceeded', 'DeploymentPaused'];
  if (!condition || !hasDeadline(deployment) || isComplete(deployment) || settled.includes(textAt(condition, 'reason')))
    return null;
  const since = Date.parse(textAt(condition, 'lastUpdateTime'));
  return since + numberAt(deployment, 'spec', 'progressDeadlineSeconds') * 1_000 + 1 - world.queue.now;
}

function statusOf(deployment: JsonObject, name: string): number {
  return numberAt(deployment, 'status', name);
}
