import { isObject, type JsonObject, objectsAt } from '../../simulators/json.ts';
import { NAMESPACE, paths } from '../../simulators/kubernetes-stage.ts';
import { KUBELET_PORT } from './pod-network.ts';
import type { RealApi } from './real-api.ts';

const ROOM = { cpu: '8', memory: '32Gi', pods: '110' };
const NODES = ['node-a', 'node-b'];

/** What a new control plane lacks: machines, and the kinds of Gateway API and Istio, without their rules. */
export async function setUpCluster(api: RealApi): Promise<void> {
  for (const definition of customDefinitions()) {
    await must(api, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { method: 'POST', body: definition });
  }
  await setUpNodes(api);
}

async function setUpNodes(api: RealApi): Promise<void> {
  for (const [index, name] of NODES.entries()) {
    const labels = { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
    const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} };
    await must(api, '/api/v1/nodes', { method: 'POST', body });
    const status = {
      ...{ allocatable: ROOM, capacity: ROOM, addresses: [{ type: 'InternalIP', address: `10.0.0.${index + 1}` }] },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' }],
      daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
    };
    await must(api, `/api/v1/nodes/${name}/status`, { method: 'PATCH', patch: 'merge-patch+json', body: { status } });
  }
}

/** As it was before the first test: nothing in the namespace, nodes and cluster-wide policies as they were made. */
export async function wipe(api: RealApi): Promise<void> {
  const kinds = [
    ...[
      `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`,
      paths.deployments,
      paths.statefulSets,
      paths.daemonSets,
      paths.services,
    ],
    ...[paths.quotas, paths.replicaSets, paths.pods, paths.events, paths.roleBindings, paths.roles],
    ...['configmaps', 'secrets'].map((kind) => `/api/v1/namespaces/${NAMESPACE}/${kind}`),
    `/apis/apps/v1/namespaces/${NAMESPACE}/controllerrevisions`,
    `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/ingresses`,
    `/apis/autoscaling/v2/namespaces/${NAMESPACE}/horizontalpodautoscalers`,
    `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets`,
    `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes`,
    `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/virtualservices`,
  ];
  for (const path of kinds) {
    const body = { gracePeriodSeconds: 0, propagationPolicy: 'Background' };
    if (path !== paths.services) await api.send(path, { method: 'DELETE', body });
    else for (const name of await namesIn(api, path)) await api.send(`${path}/${name}`, { method: 'DELETE' });
  }
  await untilEmpty(api, [paths.pods, paths.replicaSets, paths.deployments]);
  await api.send(`/api/v1/namespaces/${NAMESPACE}`, { method: 'PUT', body: { metadata: { name: NAMESPACE } } });
  await removePolicies(api);
  for (const name of NODES) {
    const spec = { unschedulable: null, taints: null };
    await must(api, `/api/v1/nodes/${name}`, { method: 'PATCH', patch: 'merge-patch+json', body: { spec } });
    const status = { allocatable: ROOM, capacity: ROOM };
    await must(api, `/api/v1/nodes/${name}/status`, { method: 'PATCH', patch: 'merge-patch+json', body: { status } });
  }
}

async function removePolicies(api: RealApi): Promise<void> {
  for (const kind of ['mutatingadmissionpolicybindings', 'mutatingadmissionpolicies']) {
    const path = `/apis/admissionregistration.k8s.io/v1/${kind}`;
    for (const name of await namesIn(api, path)) await api.send(`${path}/${name}`, { method: 'DELETE' });
  }
}

async function untilEmpty(api: RealApi, lists: readonly string[]): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const names = await Promise.all(lists.map((path) => namesIn(api, path)));
    if (names.flat().length === 0) return;
    await api.send(paths.pods, { method: 'DELETE', body: { gracePeriodSeconds: 0 } });
  }
  throw new Error('what the test before left behind does not go');
}

async function namesIn(api: RealApi, path: string): Promise<readonly string[]> {
  const { object } = await api.send(path);
  return objectsAt(object, 'items').map(({ metadata }) => String(isObject(metadata) ? metadata['name'] : ''));
}

async function must(api: RealApi, path: string, ask: Parameters<RealApi['send']>[1]): Promise<JsonObject> {
  const { status, text, object } = await api.send(path, ask);
  if (status >= 300) throw new Error(`${path} was answered with ${status}: ${text.slice(0, 500)}`);
  return object;
}

/** Any fields: what the API server knows of these kinds is no more than that they are there. */
function customDefinitions(): readonly JsonObject[] {
  return [
    definition('gateway.networking.k8s.io', 'HTTPRoute', 'httproutes'),
    definition('networking.istio.io', 'VirtualService', 'virtualservices'),
    definition('networking.istio.io', 'DestinationRule', 'destinationrules'),
  ];
}

function definition(group: string, kind: string, plural: string): JsonObject {
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: free, status: free } } };
  // A group of kubernetes.io has to say who approved it.
  const annotations = { 'api-approved.kubernetes.io': 'unapproved, a stand-in for tests' };
  return {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: `${plural}.${group}`, annotations },
    spec: {
      ...{ group, scope: 'Namespaced', names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` } },
      versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}
