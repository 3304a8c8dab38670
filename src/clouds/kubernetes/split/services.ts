import { type JsonObject, listAt, numberAt, objectAt, textAt, valueAt } from '../../../model/json.ts';
import { COPY_LABEL } from './names.ts';

/** Does the Service send traffic to pods with these labels, whatever we narrowed it to? */
export function selectsPods(service: JsonObject, labels: JsonObject): boolean {
  const wanted = Object.entries(ownSelector(service));
  return wanted.length > 0 && wanted.every(([key, value]) => valueAt(labels, key) === value);
}

/** The user's own selector. */
export function ownSelector(service: JsonObject): JsonObject {
  const { [COPY_LABEL]: _, ...own } = objectAt(service, 'spec', 'selector');
  return own;
}

/** Does it select the pods of the copy alone? */
export function isNarrowed(service: JsonObject): boolean {
  return textAt(service, 'spec', 'selector', COPY_LABEL) !== '';
}

/** A merge patch. The resourceVersion has one that comes late refused. */
export function selectorPatch(service: JsonObject, only: string | null): JsonObject {
  return {
    metadata: { resourceVersion: textAt(service, 'metadata', 'resourceVersion') },
    spec: { selector: { [COPY_LABEL]: only } },
  };
}

/** Why pods can't be kept out of it; null: they can. */
export function findUncontrollable(service: JsonObject): string | null {
  const name = textAt(service, 'metadata', 'name');
  if (valueAt(service, 'spec', 'publishNotReadyAddresses') !== true) return null;
  return `service ${name} sends traffic to pods that are not ready (publishNotReadyAddresses)`;
}

const CLUSTER_LAG_MS = 5_000;
/** Measured by users in seconds to half a minute (kubernetes/ingress-gce#638). */
const BALANCER_LAG_MS = 30_000;
/** Load balancers that send to pods directly, past kube-proxy. */
const BALANCER_ANNOTATIONS = ['cloud.google.com/neg', 'cloud.google.com/backend-config'];

/** How long whoever sends traffic to it may take to follow a change of its endpoints. */
export function defaultOverlapMs(service: JsonObject): number {
  const annotations = objectAt(service, 'metadata', 'annotations');
  const isBalanced =
    textAt(service, 'spec', 'type') === 'LoadBalancer' ||
    BALANCER_ANNOTATIONS.some((name) => Object.hasOwn(annotations, name)) ||
    // Clients keep what DNS answered.
    textAt(service, 'spec', 'clusterIP') === 'None';
  return isBalanced ? BALANCER_LAG_MS : CLUSTER_LAG_MS;
}

export interface PodPort {
  readonly port: number;
  readonly isTls: boolean;
}

/** Where a pod answers what comes in at the Service's first port (the one called http, where it has one); null: nowhere. */
export function findPodPort(service: JsonObject, template: JsonObject): PodPort | null {
  const chosen = choosePort(service);
  if (!chosen) return null;
  const target = chosen['targetPort'] ?? chosen['port'];
  const port = typeof target === 'number' ? target : containerPort(template, String(target));
  return port === 0 ? null : { port, isTls: isTls(chosen) };
}

/** That port itself. Where the Service has no address of its own, its name stands for its pods. */
export function findServicePort(service: JsonObject, template: JsonObject): PodPort | null {
  if (textAt(service, 'spec', 'clusterIP') === 'None') return findPodPort(service, template);
  const chosen = choosePort(service);
  return chosen && { port: numberAt(chosen, 'port'), isTls: isTls(chosen) };
}

function choosePort(service: JsonObject): JsonObject | null {
  const ports = listAt(service, 'spec', 'ports').filter((port) => (textAt(port, 'protocol') || 'TCP') === 'TCP');
  return ports.find((port) => /^http/.test(nameOf(port))) ?? ports[0] ?? null;
}

function isTls(port: JsonObject): boolean {
  return /^https/.test(nameOf(port)) || textAt(port, 'appProtocol').toLowerCase() === 'https';
}

function nameOf(port: JsonObject): string {
  return textAt(port, 'name');
}

/** 0: no container names such a port. */
function containerPort(template: JsonObject, name: string): number {
  const containers = ['containers', 'initContainers'].flatMap((list) => listAt(template, 'spec', list));
  const ports = containers.flatMap((container) => listAt(container, 'ports'));
  return numberAt(
    ports.find((port) => nameOf(port) === name),
    'containerPort',
  );
}

/** The Service of the copy's pods, to which a route gives a share. It has the ports of the one that it stands beside. */
export function copyServiceOf(
  service: JsonObject,
  copy: { readonly name: string; readonly label: string },
): JsonObject {
  const own = { [COPY_LABEL]: copy.label };
  const ports = listAt(service, 'spec', 'ports').map(({ nodePort: _, ...port }) => port);
  const namespace = textAt(service, 'metadata', 'namespace');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: copy.name, namespace, labels: own },
    spec: { type: 'ClusterIP', selector: own, ports },
  };
}
