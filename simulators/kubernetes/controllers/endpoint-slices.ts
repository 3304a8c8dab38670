import { isSame, type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { create, edit } from '../edit.ts';
import { suffixOf } from '../names.ts';
import { controllerReference, isDeleting, isReady, labelsOf, nameOf, namespaceOf, uidOf } from '../object.ts';
import { ENDPOINT_SLICES, PODS, SERVICES } from '../resources.ts';
import { selectsByMap } from '../selectors.ts';
import type { ClusterWorld } from '../world.ts';
import { type Controller, findByKey, keyOf } from './runtime.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';

export function endpointSliceController(world: ClusterWorld): Controller {
  return {
    delayMs: 20,
    keysOf({ kind, before, after }) {
      if (kind === SERVICES) return [keyOf(after ?? before!)];
      if (kind !== PODS) return [];
      const all = world.store.list(SERVICES, namespaceOf(after ?? before!));
      const meant = (pod: JsonObject | null, service: JsonObject): boolean =>
        pod !== null && selectsByMap(objectAt(service, 'spec', 'selector'), labelsOf(pod));
      return all.filter((service) => meant(before, service) || meant(after, service)).map(keyOf);
    },
    sync(key) {
      const service = findByKey(world, SERVICES, key);
      if (service && Object.keys(objectAt(service, 'spec', 'selector')).length > 0) writeSlice(world, service);
      return null;
    },
  };
}

function writeSlice(world: ClusterWorld, service: JsonObject): void {
  const content = contentOf(world, service);
  const known = world.store
    .list(ENDPOINT_SLICES, namespaceOf(service))
    .find((slice) => labelsOf(slice)[SERVICE_NAME] === nameOf(service));
  if (!known) return void create(world, ENDPOINT_SLICES, newSlice(service, content));
  const isChanged = Object.entries(content).some(([name, value]) => !isSame(known[name], value));
  if (isChanged) edit(world, ENDPOINT_SLICES, { object: known, change: (slice) => ({ ...slice, ...content }) });
}

function newSlice(service: JsonObject, content: JsonObject): JsonObject {
  return {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
    metadata: {
      ...{ name: `${nameOf(service)}-${suffixOf(uidOf(service), 0)}`, namespace: namespaceOf(service) },
      labels: {
        ...labelsOf(service),
        [SERVICE_NAME]: nameOf(service),
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [controllerReference({ apiVersion: 'v1', kind: 'Service', ...service })],
    },
    ...content,
  };
}

function contentOf(world: ClusterWorld, service: JsonObject): JsonObject {
  const spec = objectAt(service, 'spec');
  const pods = world.store
    .list(PODS, namespaceOf(service))
    .filter((pod) => selectsByMap(objectAt(spec, 'selector'), labelsOf(pod)) && textAt(pod, 'status', 'podIP') !== '')
    .filter((pod) => !['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')));
  const isPublished = spec['publishNotReadyAddresses'] === true;
  return {
    endpoints: pods.map((pod) => {
      const serving = isReady(pod) || isPublished;
      const terminating = isDeleting(pod);
      return {
        addresses: [textAt(pod, 'status', 'podIP')],
        conditions: { ready: serving && (!terminating || isPublished), serving, terminating },
        nodeName: textAt(pod, 'spec', 'nodeName'),
        targetRef: { kind: 'Pod', name: nameOf(pod), namespace: namespaceOf(pod), uid: uidOf(pod) },
      };
    }),
    ports: objectsAt(spec, 'ports').flatMap((port) => {
      const number = portOf(port, pods[0]);
      return number === null ? [] : [{ name: textAt(port, 'name'), port: number, protocol: textAt(port, 'protocol') }];
    }),
  };
}

/** null: the pod has no port of that name. */
function portOf({ targetPort }: JsonObject, pod: JsonObject | undefined): number | null {
  if (typeof targetPort === 'number') return targetPort;
  const ports = objectsAt(pod, 'spec', 'containers').flatMap((container) => objectsAt(container, 'ports'));
  const found = ports.find(({ name }) => name === targetPort)?.['containerPort'];
  return typeof found === 'number' ? found : null;
}
