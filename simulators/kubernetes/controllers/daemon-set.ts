import { type JsonObject, objectAt, textAt } from '../../json.ts';
import { deleteObject } from '../delete.ts';
import { edit } from '../edit.ts';
import { record } from '../events.ts';
import { generationOf, isDeleting, isReady, labelsOf, nameOf, numberAt, withMetadata, withStatus } from '../object.ts';
import { DAEMON_SETS, NODES, PODS } from '../resources.ts';
import { selects } from '../selectors.ts';
import type { ClusterWorld } from '../world.ts';
import { forgetRevisions, REVISION_LABEL, revisionOfPod, syncRevision, templateOf } from './controller-revisions.ts';
import { createPod } from './create-pod.ts';
import { availabilityOf, podsOf } from './pods-of.ts';
import { resolveLimits } from './rollout-arithmetic.ts';
import { type Controller, findByKey, keyOf, ownKeys } from './runtime.ts';

const BY = 'daemonset-controller';
const RETRY_MS = 1_000;

export function daemonSetController(world: ClusterWorld): Controller {
  return {
    delayMs: 8,
    keysOf: (change) => {
      if (change.kind === NODES) return world.store.list(DAEMON_SETS).map(keyOf);
      return [DAEMON_SETS, PODS].includes(change.kind) ? ownKeys(change, DAEMON_SETS) : [];
    },
    sync(key) {
      const set = findByKey(world, DAEMON_SETS, key);
      if (!set || isDeleting(set)) return null;
      const revision = syncRevision(world, set);
      const places = placesOf(world, set, revision);
      const again = fill(world, set, { revision, places });
      if (textAt(set, 'spec', 'updateStrategy', 'type') === 'RollingUpdate') update(world, set, { revision, places });
      writeStatus(world, set, revision);
      forgetRevisions(world, set, [
        nameOf(revision),
        ...podsOf(world, set).map((pod) => `${nameOf(set)}-${revisionOfPod(pod)}`),
      ]);
      return again;
    },
  };
}

/** A node, and the pods that are there. */
interface Place {
  readonly node: string;
  readonly fresh: JsonObject | undefined;
  readonly old: JsonObject | undefined;
}

interface Plan {
  readonly revision: JsonObject;
  readonly places: readonly Place[];
}

function placesOf(world: ClusterWorld, set: JsonObject, revision: JsonObject): readonly Place[] {
  const pods = podsOf(world, set);
  const hash = hashIn(revision);
  return nodesFor(world, set).map((node) => {
    const there = pods.filter((pod) => nodeOf(pod) === node);
    return {
      node,
      fresh: there.find((pod) => revisionOfPod(pod) === hash),
      old: there.find((pod) => revisionOfPod(pod) !== hash),
    };
  });
}

function nodesFor(world: ClusterWorld, set: JsonObject): readonly string[] {
  const matchLabels = objectAt(set, 'spec', 'template', 'spec', 'nodeSelector');
  return world.store
    .list(NODES)
    .filter((node) => selects({ matchLabels }, labelsOf(node)))
    .map(nameOf);
}

function fill(world: ClusterWorld, set: JsonObject, { revision, places }: Plan): number | null {
  let again: number | null = null;
  for (const { node, fresh, old } of places) {
    for (const pod of [fresh, old]) {
      const isOver = pod && ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')) && !isDeleting(pod);
      if (isOver) deleteObject(world, PODS, pod, { options: {}, dryRun: false });
    }
    if (fresh || old) continue;
    const template = templateOf(revision, hashIn(revision));
    const labelled = withMetadata(template, {
      labels: { ...labelsOf(template), 'pod-template-generation': String(generationOf(set)) },
    });
    const refused = createPod(world, set, { template: boundTo(labelled, node), by: BY });
    if (refused !== null) again = RETRY_MS;
  }
  return again;
}

/** Old pods that aren't available go at once, the others as long as not too many are unavailable. */
function update(world: ClusterWorld, set: JsonObject, { places }: Plan): void {
  const { maxUnavailable } = objectAt(set, 'spec', 'updateStrategy', 'rollingUpdate');
  const most = resolveLimits(0, (maxUnavailable ?? 1) as number | string, places.length).maxUnavailable;
  const minReadySeconds = numberAt(set, 'spec', 'minReadySeconds');
  const isUp = (pod: JsonObject | undefined): boolean =>
    pod !== undefined && !isDeleting(pod) && availabilityOf(pod, minReadySeconds, world.queue.now).isAvailable;
  const outdated = places.filter(({ fresh, old }) => !fresh && old && !isDeleting(old));
  const broken = outdated.filter(({ old }) => !isUp(old));
  const unavailable = places.filter(({ fresh, old }) => !isUp(fresh) && !isUp(old)).length;
  const healthy = outdated.filter(({ old }) => isUp(old)).slice(0, Math.max(0, most - unavailable));
  for (const { old } of [...broken, ...healthy]) {
    deleteObject(world, PODS, old!, { options: {}, dryRun: false });
    record(world, set, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${nameOf(old!)}`, by: BY });
  }
}

function writeStatus(world: ClusterWorld, set: JsonObject, revision: JsonObject): void {
  const places = placesOf(world, set, revision);
  const minReadySeconds = numberAt(set, 'spec', 'minReadySeconds');
  const alive = places.map(({ fresh, old }) => fresh ?? old).filter((pod) => pod !== undefined);
  const available = alive.filter((pod) => availabilityOf(pod, minReadySeconds, world.queue.now).isAvailable).length;
  const unavailable = places.length - available;
  const updated = places.filter(({ fresh }) => fresh !== undefined).length;
  edit(world, DAEMON_SETS, {
    object: set,
    subresource: 'status',
    change: (one) =>
      withStatus(one, {
        ...{ currentNumberScheduled: alive.length, desiredNumberScheduled: places.length, numberMisscheduled: 0 },
        numberReady: alive.filter(isReady).length,
        numberAvailable: available === 0 ? undefined : available,
        numberUnavailable: unavailable === 0 ? undefined : unavailable,
        updatedNumberScheduled: updated === 0 ? undefined : updated,
        observedGeneration: generationOf(one),
      }),
  });
}

/** By affinity, as the scheduler binds it. */
function boundTo(template: JsonObject, node: string): JsonObject {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  const affinity = {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
  };
  return { ...template, spec: { ...objectAt(template, 'spec'), affinity } };
}

/** Where it is, or will be. */
export function nodeOf(pod: JsonObject): string {
  return textAt(pod, 'spec', 'nodeName') || wantedNode(pod);
}

/** '' where it doesn't matter. */
export function wantedNode(pod: JsonObject): string {
  const terms = objectAt(pod, 'spec', 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')[
    'nodeSelectorTerms'
  ];
  const fields = Array.isArray(terms) ? (terms[0] as JsonObject)['matchFields'] : undefined;
  const values = Array.isArray(fields) ? (fields[0] as JsonObject)['values'] : undefined;
  return Array.isArray(values) ? String(values[0]) : '';
}

function hashIn(revision: JsonObject): string {
  return textAt(revision, 'metadata', 'labels', REVISION_LABEL);
}
