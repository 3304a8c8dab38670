import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { deleteObject } from '../delete.ts';
import { edit } from '../edit.ts';
import { record } from '../events.ts';
import {
  generationOf,
  isActive,
  isDeleting,
  isReady,
  labelsOf,
  nameOf,
  numberAt,
  withCondition,
  withStatus,
} from '../object.ts';
import { PODS, REPLICA_SETS } from '../resources.ts';
import { selects } from '../selectors.ts';
import { type ClusterWorld, timeOf } from '../world.ts';
import { createPod } from './create-pod.ts';
import { availabilityOf, leastWorthFirst, podsOf } from './pods-of.ts';
import { type Controller, findByKey, type Key, ownKeys } from './runtime.ts';

const BY = 'replicaset-controller';
const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 1_000_000;

export function replicaSetController(world: ClusterWorld): Controller {
  /** How often in a row pods of a ReplicaSet were refused. */
  const refusals = new Map<Key, number>();
  return {
    delayMs: 3,
    keysOf: (change) => ([REPLICA_SETS, PODS].includes(change.kind) ? ownKeys(change, REPLICA_SETS) : []),
    sync(key) {
      const set = findByKey(world, REPLICA_SETS, key);
      if (!set || isDeleting(set)) return null;
      const refused = fill(world, set);
      const again = writeStatus(world, set, refused);
      if (refused === null) {
        refusals.delete(key);
        return again;
      }
      const count = (refusals.get(key) ?? 0) + 1;
      refusals.set(key, count);
      return Math.min(FIRST_RETRY_MS * 2 ** count, LONGEST_RETRY_MS);
    },
  };
}

/** Makes or ends pods. Returns why the API server refused one. */
function fill(world: ClusterWorld, set: JsonObject): string | null {
  const active = podsOf(world, set).filter(isActive);
  const missing = numberAt(set, 'spec', 'replicas') - active.length;
  if (missing < 0) {
    for (const pod of leastWorthFirst(active).slice(0, -missing)) {
      deleteObject(world, PODS, pod, { options: {}, dryRun: false });
      record(world, set, {
        type: 'Normal',
        reason: 'SuccessfulDelete',
        message: `Deleted pod: ${nameOf(pod)}`,
        by: BY,
      });
    }
    return null;
  }
  return createPods(world, set, missing);
}

/** In batches of 1, 2, 4 and so on; none follows one that was refused. */
function createPods(world: ClusterWorld, set: JsonObject, count: number): string | null {
  const pod = { template: objectAt(set, 'spec', 'template'), by: BY };
  let left = count;
  for (let batch = 1; left > 0; batch *= 2) {
    let refused: string | null = null;
    for (let index = 0; index < Math.min(batch, left); index += 1) refused = createPod(world, set, pod) ?? refused;
    if (refused !== null) return refused;
    left -= batch;
  }
  return null;
}

function writeStatus(world: ClusterWorld, set: JsonObject, refused: string | null): number | null {
  const all = podsOf(world, set);
  const active = all.filter(isActive);
  const minReadySeconds = numberAt(set, 'spec', 'minReadySeconds');
  const availability = active.map((pod) => availabilityOf(pod, minReadySeconds, world.queue.now));
  const template = labelsOf(objectAt(set, 'spec', 'template'));
  const nonZero = (value: number): number | undefined => (value === 0 ? undefined : value);
  edit(world, REPLICA_SETS, {
    object: set,
    subresource: 'status',
    change: (one) =>
      withStatus(one, {
        replicas: active.length,
        fullyLabeledReplicas: nonZero(active.filter((pod) => selects({ matchLabels: template }, labelsOf(pod))).length),
        readyReplicas: nonZero(active.filter(isReady).length),
        availableReplicas: nonZero(availability.filter(({ isAvailable }) => isAvailable).length),
        terminatingReplicas: all.filter(
          (pod) => isDeleting(pod) && !['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')),
        ).length,
        observedGeneration: generationOf(one),
        conditions: conditionsWith(world, one, refused),
      }),
  });
  const waits = availability.flatMap(({ inMs }) => (inMs === null ? [] : [inMs]));
  return waits.length > 0 ? Math.min(...waits) : null;
}

function conditionsWith(
  world: ClusterWorld,
  set: JsonObject,
  refused: string | null,
): readonly JsonObject[] | undefined {
  const before = objectsAt(set, 'status', 'conditions');
  if (refused === null) {
    const rest = before.filter(({ type }) => type !== 'ReplicaFailure');
    return rest.length > 0 ? rest : undefined;
  }
  const known = before.find(({ type }) => type === 'ReplicaFailure');
  if (known?.['reason'] === 'FailedCreate' && known['status'] === 'True') return before;
  const condition = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: refused,
    lastTransitionTime: timeOf(world),
  };
  return withCondition(before, condition);
}
