import { type JsonObject, objectAt, textAt } from '../../json.ts';
import { ApiError } from '../api/api-error.ts';
import { deleteObject } from '../delete.ts';
import { create, edit } from '../edit.ts';
import { record } from '../events.ts';
import { generationOf, isDeleting, isReady, labelsOf, nameOf, numberAt, withMetadata, withStatus } from '../object.ts';
import { PODS, STATEFUL_SETS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';
import { forgetRevisions, revisionOfPod, revisionsOf, syncRevision, templateOf } from './controller-revisions.ts';
import { availabilityOf, podFrom, podsOf } from './pods-of.ts';
import { type Controller, findByKey, type Key, ownKeys } from './runtime.ts';

const BY = 'statefulset-controller';
const RETRY_MS = 1_000;

export function statefulSetController(world: ClusterWorld): Controller {
  return {
    delayMs: 8,
    keysOf: (change) => ([STATEFUL_SETS, PODS].includes(change.kind) ? ownKeys(change, STATEFUL_SETS) : []),
    sync: (key) => syncStatefulSet(world, key),
  };
}

interface Plan {
  readonly set: JsonObject;
  readonly update: JsonObject;
  /** Of the pods below the partition. */
  readonly current: JsonObject;
  readonly pods: ReadonlyMap<number, JsonObject>;
}

function syncStatefulSet(world: ClusterWorld, key: Key): number | null {
  const set = findByKey(world, STATEFUL_SETS, key);
  if (!set || isDeleting(set)) return null;
  const update = syncRevision(world, set);
  const currentName = textAt(set, 'status', 'currentRevision');
  const current = revisionsOf(world, set).find((one) => nameOf(one) === currentName) ?? update;
  const pods = new Map(podsOf(world, set).map((pod) => [ordinalOf(pod), pod]));
  const again = act(world, { set, update, current, pods });
  writeStatus(world, set, { update, current });
  const used = [nameOf(update), nameOf(current), ...podsOf(world, set).map(revisionOfPod)];
  forgetRevisions(world, set, used);
  return again;
}

/** In order: what is missing, what is too much, then one pod to the new revision. */
function act(world: ClusterWorld, plan: Plan): number | null {
  const { set, pods } = plan;
  const replicas = numberAt(set, 'spec', 'replicas');
  const isOrdered = textAt(set, 'spec', 'podManagementPolicy') === 'OrderedReady';
  for (let ordinal = 0; ordinal < replicas; ordinal += 1) {
    const pod = pods.get(ordinal);
    if (pod && ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')) && !isDeleting(pod))
      remove(world, set, pod);
    else if (!pod) {
      const wait = add(world, plan, ordinal);
      if (wait !== null) return wait;
      if (isOrdered) return null;
    } else if (isOrdered && (isDeleting(pod) || !isReady(pod))) return null;
  }
  const surplus = [...pods].filter(([ordinal]) => ordinal >= replicas).sort(([a], [b]) => b - a);
  for (const [, pod] of surplus) {
    if (!isDeleting(pod)) remove(world, set, pod);
    if (isOrdered) return null;
  }
  if (textAt(set, 'spec', 'updateStrategy', 'type') === 'RollingUpdate') updateOne(world, plan, replicas);
  return null;
}

/** The highest ordinal first; the next when it is ready. */
function updateOne(world: ClusterWorld, { set, update, pods }: Plan, replicas: number): void {
  const partition = numberAt(set, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  for (let ordinal = replicas - 1; ordinal >= partition; ordinal -= 1) {
    const pod = pods.get(ordinal);
    if (!pod || isDeleting(pod)) return;
    if (revisionOfPod(pod) !== nameOf(update)) return void remove(world, set, pod);
    if (!isReady(pod)) return;
  }
}

function add(world: ClusterWorld, { set, update, current }: Plan, ordinal: number): number | null {
  const partition = numberAt(set, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  const isRolling = textAt(set, 'spec', 'updateStrategy', 'type') === 'RollingUpdate';
  const revision = isRolling && ordinal < partition ? current : update;
  const name = `${nameOf(set)}-${ordinal}`;
  const template = templateOf(revision, nameOf(revision));
  const identity = { 'apps.kubernetes.io/pod-index': String(ordinal), 'statefulset.kubernetes.io/pod-name': name };
  const labelled = withMetadata(template, { labels: { ...labelsOf(template), ...identity } });
  const hosted = { ...labelled, spec: { ...objectAt(labelled, 'spec'), hostname: name, ...subdomainOf(set) } };
  try {
    create(world, PODS, podFrom(set, hosted, { name }));
    record(world, set, {
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message: `create Pod ${name} in StatefulSet ${nameOf(set)} successful`,
      by: BY,
    });
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const message = `create Pod ${name} in StatefulSet ${nameOf(set)} failed error: ${error.message}`;
    record(world, set, { type: 'Warning', reason: 'FailedCreate', message, by: BY });
    return RETRY_MS;
  }
}

function subdomainOf(set: JsonObject): JsonObject {
  const subdomain = textAt(set, 'spec', 'serviceName');
  return subdomain === '' ? {} : { subdomain };
}

function remove(world: ClusterWorld, set: JsonObject, pod: JsonObject): void {
  deleteObject(world, PODS, pod, { options: {}, dryRun: false });
  const message = `delete Pod ${nameOf(pod)} in StatefulSet ${nameOf(set)} successful`;
  record(world, set, { type: 'Normal', reason: 'SuccessfulDelete', message, by: BY });
}

function writeStatus(
  world: ClusterWorld,
  set: JsonObject,
  { update, current }: Pick<Plan, 'update' | 'current'>,
): void {
  const pods = podsOf(world, set);
  const replicas = numberAt(set, 'spec', 'replicas');
  const alive = pods.filter((pod) => !isDeleting(pod));
  const ofRevision = (revision: JsonObject): number =>
    alive.filter((pod) => revisionOfPod(pod) === nameOf(revision)).length;
  const minReadySeconds = numberAt(set, 'spec', 'minReadySeconds');
  const ready = pods.filter(isReady).length;
  const updated = ofRevision(update);
  const isDone = updated === replicas && ready === replicas && pods.length === replicas;
  const now = isDone ? update : current;
  edit(world, STATEFUL_SETS, {
    object: set,
    subresource: 'status',
    change: (one) =>
      withStatus(one, {
        observedGeneration: generationOf(one),
        replicas: pods.length,
        readyReplicas: ready === 0 ? undefined : ready,
        availableReplicas: pods.filter((pod) => availabilityOf(pod, minReadySeconds, world.queue.now).isAvailable)
          .length,
        currentReplicas: ofRevision(now) === 0 ? undefined : ofRevision(now),
        updatedReplicas: updated === 0 ? undefined : updated,
        ...{ currentRevision: nameOf(now), updateRevision: nameOf(update), collisionCount: 0 },
      }),
  });
}

function ordinalOf(pod: JsonObject): number {
  return Number(/-(\d+)$/.exec(nameOf(pod))?.[1] ?? -1);
}
