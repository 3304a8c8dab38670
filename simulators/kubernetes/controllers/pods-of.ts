import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import {
  annotationsOf,
  conditionOf,
  controllerReference,
  controllerUidOf,
  createdAt,
  isReady,
  labelsOf,
  nameOf,
  namespaceOf,
  numberAt,
  uidOf,
} from '../object.ts';
import { PODS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';

export function podsOf(world: ClusterWorld, owner: JsonObject): readonly JsonObject[] {
  return world.store.list(PODS, namespaceOf(owner)).filter((pod) => controllerUidOf(pod) === uidOf(owner));
}

/** What a controller makes of its template. */
export function podFrom(owner: JsonObject, template: JsonObject, more: JsonObject): JsonObject {
  const annotations = annotationsOf(template);
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      namespace: namespaceOf(owner),
      labels: labelsOf(template),
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ownerReferences: [controllerReference(owner)],
      ...more,
    },
    spec: objectAt(template, 'spec'),
  };
}

/** Ready for so long that it counts. `inMs`: until then, where it is only a matter of time. */
export function availabilityOf(
  pod: JsonObject,
  minReadySeconds: number,
  now: number,
): { readonly isAvailable: boolean; readonly inMs: number | null } {
  if (!isReady(pod)) return { isAvailable: false, inMs: null };
  const since = Date.parse(textAt(conditionOf(pod, 'Ready') ?? {}, 'lastTransitionTime'));
  const left = minReadySeconds === 0 ? 0 : since + minReadySeconds * 1_000 - now;
  return left <= 0 ? { isAvailable: true, inMs: null } : { isAvailable: false, inMs: left };
}

const PHASES = ['Pending', 'Unknown', 'Running'];

/** Whom a scale-down takes first: without a node, not running, not ready, restarted more often, younger. */
export function leastWorthFirst(pods: readonly JsonObject[]): readonly JsonObject[] {
  const rank = (pod: JsonObject): readonly number[] => [
    textAt(pod, 'spec', 'nodeName') === '' ? 0 : 1,
    PHASES.indexOf(textAt(pod, 'status', 'phase')),
    isReady(pod) ? 1 : 0,
    Number(annotationsOf(pod)['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    -Date.parse(textAt(conditionOf(pod, 'Ready') ?? {}, 'lastTransitionTime') || '1970-01-01T00:00:00Z'),
    -restartsOf(pod),
    -createdAt(pod),
  ];
  return pods.toSorted((a, b) => compare(rank(a), rank(b)) || (nameOf(a) < nameOf(b) ? 1 : -1));
}

function restartsOf(pod: JsonObject): number {
  return Math.max(0, ...objectsAt(pod, 'status', 'containerStatuses').map((one) => numberAt(one, 'restartCount')));
}

function compare(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((value, at) => value !== other[at]);
  return index < 0 ? 0 : one[index]! - other[index]!;
}
