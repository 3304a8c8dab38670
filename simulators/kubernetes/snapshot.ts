import { type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import { annotationsOf, isReady, nameOf } from './object.ts';
import {
  CONFIG_MAPS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  HTTP_ROUTES,
  JOBS,
  PODS,
  type ResourceKind,
  SECRETS,
  SERVICES,
  STATEFUL_SETS,
  VIRTUAL_SERVICES,
} from './resources.ts';
import type { ObjectSource } from './store.ts';

const CONFIGURED = [
  DEPLOYMENTS,
  STATEFUL_SETS,
  DAEMON_SETS,
  SERVICES,
  CONFIG_MAPS,
  SECRETS,
  HTTP_ROUTES,
  VIRTUAL_SERVICES,
  JOBS,
];
/** May differ after a change was made and taken back. */
const AUDIT = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'annotations'];
/** Counters of the platform. */
const COUNTERS = ['deployment.kubernetes.io/revision', 'deprecated.daemonset.template.generation'];

interface Snapshotted {
  readonly store: ObjectSource;
  /** Lets everything happen that is due. */
  advance(): void;
}

/**
 * Everything that a user configures in the namespace and everything that serves, as plain JSON without audit fields: equal
 * before and after means "exactly as before". Who owns which field is in it, but not since when.
 */
export function snapshotOf(cluster: Snapshotted, namespace: string): JsonObject {
  cluster.advance();
  const { store } = cluster;
  const entries = CONFIGURED.map(
    (kind) =>
      [
        kind.plural,
        Object.fromEntries(store.list(kind, namespace).map((one) => [nameOf(one), configurationOf(kind, one)])),
      ] as const,
  );
  const pods = store.list(PODS, namespace).filter((pod) => textAt(pod, 'metadata', 'deletionTimestamp') === '');
  const slices = store
    .list(ENDPOINT_SLICES, namespace)
    .map((slice) => [
      nameOf(slice),
      objectsAt(slice, 'endpoints').filter((one) => objectAt(one, 'conditions')['ready'] === true).length,
    ]);
  return {
    ...Object.fromEntries(entries),
    pods: pods.map(servedBy).toSorted(),
    endpoints: Object.fromEntries(slices) as JsonObject,
  };
}

function configurationOf(kind: ResourceKind, { metadata, status: _, ...content }: JsonObject): JsonObject {
  const kept = Object.entries(metadata as JsonObject).filter(([name]) => !AUDIT.includes(name));
  const notes = Object.entries(annotationsOf({ metadata: metadata as JsonObject })).filter(
    ([name]) => !COUNTERS.includes(name),
  );
  const owners = objectsAt({ metadata: metadata as JsonObject }, 'metadata', 'managedFields').filter(
    ({ subresource }) => subresource !== 'status',
  );
  const meta = {
    ...Object.fromEntries(kept),
    annotations: Object.fromEntries(notes),
    managedFields: owners.map(({ time: __, ...owner }) => owner),
  };
  return { ...content, kind: kind.kind, metadata: meta };
}

function servedBy(pod: JsonObject): string {
  const images = objectsAt(pod, 'status', 'containerStatuses').map((one) => textAt(one, 'imageID'));
  return `${images.join(', ')} ${isReady(pod) ? 'ready' : 'not ready'}`;
}
