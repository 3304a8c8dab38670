import { type JsonObject, objectAt, textAt } from '../../json.ts';
import { deleteObject } from '../delete.ts';
import { edit } from '../edit.ts';
import { record } from '../events.ts';
import {
  conditionOf,
  controllerUidOf,
  generationOf,
  isDeleting,
  nameOf,
  namespaceOf,
  numberAt,
  uidOf,
  withSpec,
} from '../object.ts';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';
import { progressing } from './deployment-conditions.ts';
import { isComplete, type Sets, syncCountsOnly, syncRolloutStatus } from './deployment-status.ts';
import {
  findFresh,
  isScaledSince,
  limitsOf,
  replicaSetsOf,
  revisionOf,
  syncFresh,
  withSizeNotes,
} from './replica-sets-of.ts';
import { newSize, oldSizes, proportionalSizes } from './rollout-arithmetic.ts';
import { type Controller, findByKey, type Key, ownKeys } from './runtime.ts';

const BY = 'deployment-controller';
/** From one act to the next look: as long as the real one's own writes take to come back to it. */
const NEXT_LOOK_MS = 4;

export function deploymentController(world: ClusterWorld): Controller {
  return {
    delayMs: 8,
    keysOf: (change) => ([DEPLOYMENTS, REPLICA_SETS].includes(change.kind) ? ownKeys(change, DEPLOYMENTS) : []),
    sync(key) {
      return syncDeployment(world, key);
    },
  };
}

function syncDeployment(world: ClusterWorld, key: Key): number | null {
  const deployment = findByKey(world, DEPLOYMENTS, key);
  if (!deployment) return null;
  if (isDeleting(deployment)) {
    syncCountsOnly(world, deployment, setsOf(world, deployment));
    return null;
  }
  const checked = checkPaused(world, deployment);
  if (objectAt(checked, 'spec')['paused'] === true || isScaling(world, checked)) {
    const { fresh } = syncFresh(world, checked, false);
    scale(world, checked, { fresh, old: setsOf(world, checked).old });
    syncCountsOnly(world, checked, setsOf(world, checked));
    return null;
  }
  return textAt(checked, 'spec', 'strategy', 'type') === 'Recreate' ? replace(world, checked) : roll(world, checked);
}

function roll(world: ClusterWorld, deployment: JsonObject): number | null {
  const { fresh, written } = syncFresh(world, deployment, true);
  if (written) return NEXT_LOOK_MS;
  const sets = setsOf(world, deployment);
  const countsOf = (one: JsonObject) => ({
    wanted: sizeOf(one),
    available: numberAt(one, 'status', 'availableReplicas'),
  });
  const now = { fresh: countsOf(fresh!), old: sets.old.map(countsOf) };
  const replicas = numberAt(deployment, 'spec', 'replicas');
  const limits = limitsOf(deployment);
  const isUp = resize(world, deployment, fresh!, newSize(replicas, limits, now));
  if (!isUp) {
    const sizes = oldSizes(replicas, limits, now);
    const isDown = sets.old.map((one, index) => resize(world, deployment, one, sizes[index]!)).includes(true);
    if (!isDown && isComplete(deployment)) cleanUp(world, deployment, sets.old);
  }
  return syncRolloutStatus(world, deployment, setsOf(world, deployment));
}

/** All old pods end before the first new one is made. */
function replace(world: ClusterWorld, deployment: JsonObject): number | null {
  const { written } = syncFresh(world, deployment, false);
  if (written) return NEXT_LOOK_MS;
  const { old } = setsOf(world, deployment);
  const isDown = old.map((one) => resize(world, deployment, one, 0)).includes(true);
  if (isDown || hasPods(world, old)) return syncRolloutStatus(world, deployment, setsOf(world, deployment));
  const { fresh, written: isNew } = syncFresh(world, deployment, true);
  if (isNew) return NEXT_LOOK_MS;
  resize(world, deployment, fresh!, numberAt(deployment, 'spec', 'replicas'));
  if (isComplete(deployment)) cleanUp(world, deployment, old);
  return syncRolloutStatus(world, deployment, setsOf(world, deployment));
}

function hasPods(world: ClusterWorld, sets: readonly JsonObject[]): boolean {
  const uids = sets.map(uidOf);
  return sets.some((one) =>
    world.store
      .list(PODS, namespaceOf(one))
      .some(
        (pod) =>
          uids.includes(controllerUidOf(pod)) && !['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')),
      ),
  );
}

/** A paused rollout says so, and has no deadline meanwhile. */
function checkPaused(world: ClusterWorld, deployment: JsonObject): JsonObject {
  const isPaused = objectAt(deployment, 'spec')['paused'] === true;
  const reason = textAt(conditionOf(deployment, 'Progressing') ?? {}, 'reason');
  const isTimedOut = reason === 'ProgressDeadlineExceeded';
  if (isTimedOut || isPaused === (reason === 'DeploymentPaused')) return deployment;
  const said = isPaused
    ? ({ status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' } as const)
    : ({ status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' } as const);
  return edit(world, DEPLOYMENTS, {
    object: deployment,
    subresource: 'status',
    change: (one) => progressing(world, one, said),
  });
}

function isScaling(world: ClusterWorld, deployment: JsonObject): boolean {
  return replicaSetsOf(world, deployment).some((one) => sizeOf(one) > 0 && isScaledSince(one, deployment));
}

function scale(world: ClusterWorld, deployment: JsonObject, { fresh, old }: Sets): void {
  const replicas = numberAt(deployment, 'spec', 'replicas');
  const active = [...(fresh ? [fresh] : []), ...old].filter((one) => sizeOf(one) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? fresh ?? old.at(-1);
    if (only) resize(world, deployment, only, replicas);
    return;
  }
  const isSaturated =
    fresh !== null && sizeOf(fresh) === replicas && numberAt(fresh, 'status', 'availableReplicas') === replicas;
  if (isSaturated) return void old.forEach((one) => void resize(world, deployment, one, 0));
  if (textAt(deployment, 'spec', 'strategy', 'type') !== 'RollingUpdate') return;
  const allowed = replicas > 0 ? replicas + limitsOf(deployment).maxSurge : 0;
  const largestFirst = active.toSorted((a, b) => sizeOf(b) - sizeOf(a) || revisionOf(b) - revisionOf(a));
  const sizes = proportionalSizes(largestFirst.map(sizeOf), allowed);
  largestFirst.forEach((one, index) => void resize(world, deployment, one, sizes[index]!));
}

/** True: it was scaled. */
function resize(world: ClusterWorld, deployment: JsonObject, set: JsonObject, size: number): boolean {
  const before = sizeOf(set);
  const isNoted = !isScaledSince(set, deployment);
  if (before === size && isNoted) return false;
  edit(world, REPLICA_SETS, {
    object: set,
    change: (one) => withSizeNotes(withSpec(one, { replicas: size }), deployment),
  });
  if (before === size) return false;
  const direction = size > before ? 'up' : 'down';
  const message = `Scaled ${direction} replica set ${nameOf(set)} from ${before} to ${size}`;
  record(world, deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message, by: BY });
  return true;
}

/** Old ReplicaSets beyond the history limit, as soon as the rollout is complete. */
function cleanUp(world: ClusterWorld, deployment: JsonObject, old: readonly JsonObject[]): void {
  const limit = numberAt(deployment, 'spec', 'revisionHistoryLimit');
  const alive = old.filter((one) => !isDeleting(one)).toSorted((a, b) => revisionOf(a) - revisionOf(b));
  for (const one of alive.slice(0, Math.max(0, alive.length - limit))) {
    const isIdle = sizeOf(one) === 0 && numberAt(one, 'status', 'replicas') === 0;
    if (isIdle && numberAt(one, 'status', 'observedGeneration') >= generationOf(one))
      deleteObject(world, REPLICA_SETS, one, { options: {}, dryRun: false });
  }
}

function setsOf(world: ClusterWorld, deployment: JsonObject): Sets {
  const all = replicaSetsOf(world, deployment);
  const fresh = findFresh(deployment, all);
  return { fresh, old: all.filter((one) => one !== fresh) };
}

function sizeOf(set: JsonObject): number {
  return numberAt(set, 'spec', 'replicas');
}
