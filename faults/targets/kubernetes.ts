import type { Entries } from '../../simulators/agent.ts';
import { type Json, type JsonObject, objectsAt, textAt } from '../../simulators/json.ts';
import { annotationsOf } from '../../simulators/kubernetes/object.ts';
import { DEPLOYMENTS, PODS, STATEFUL_SETS } from '../../simulators/kubernetes/resources.ts';
import { readyAddresses } from '../../simulators/kubernetes/traffic/endpoints.ts';
import { backendsFor } from '../../simulators/kubernetes/traffic/routes.ts';
import { type KubernetesAgent, openKubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { addSet, webContainer } from '../../simulators/kubernetes-scene.ts';
import { DEPLOYMENT, type KubernetesStage, NAMESPACE, paths, SHOP_HOST } from '../../simulators/kubernetes-stage.ts';
import { SOURCE } from '../../simulators/world.ts';
import type { Row } from '../rows.ts';
import { SECRETS } from '../secrets.ts';
import type { Share, TargetStage } from './target.ts';

const REPOSITORY = `${SOURCE.host}/${SOURCE.repository}`;
const SET = 'db';

export async function openKubernetes(entries: Entries, form: Row['form']): Promise<TargetStage> {
  const agent = await openKubernetesAgent({ entries, stage: { replicas: 2, spec: withVariable(`${REPOSITORY}:v1`) } });
  const { stage } = agent;
  const isSet = form === 'stateful-set';
  if (isSet) await addStatefulSet(stage);
  if (form === 'route') await stage.expect(ROUTES, { method: 'POST', body: ROUTE });
  const path = isSet ? `${paths.statefulSets}/${SET}` : paths.deployment();
  const { source } = agent.world;
  const { store } = agent.world.kubernetes;
  const digests = new Map<string, string>();
  const note = (version: string): void => {
    const name = `${REPOSITORY}:${version}`;
    digests.set(name, version).set(source.pull(name, 'linux/amd64')!.digest, version);
  };
  note('v1');
  const find = () =>
    isSet ? store.find(STATEFUL_SETS, NAMESPACE, SET) : store.find(DEPLOYMENTS, NAMESPACE, DEPLOYMENT);
  /** How many calls had come when another user changed something; 0: it was so already. */
  let foreignAt = 0;
  const apply = (image: string, manager: string): void => {
    const before = textOf(find()?.['spec']);
    const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
    // It takes effect at once.
    void stage.api(`${path}?fieldManager=${manager}`, { method: 'PATCH', body });
    const after = textOf(find()?.['spec']);
    if (!after.includes(image)) throw new Error(`the workload does not have ${image}`);
    foreignAt = after === before ? 0 : agent.world.edge.calls.length;
  };
  let known: { readonly version: number; readonly shares: readonly Share[] } | null = null;
  const shares = (): readonly Share[] => {
    agent.world.kubernetes.advance();
    // It is asked at every call, and most calls change nothing.
    if (known?.version !== store.version) {
      known = { version: store.version, shares: sharesOf(agent, { service: isSet ? SET : DEPLOYMENT, digests }) };
    }
    return known.shares;
  };
  return {
    agent: { ...agent, snapshot: () => ordered(agent.snapshot()) },
    inputs: {
      ...{ 'registry-username': SOURCE.username, 'registry-password': SOURCE.password },
      'smoke-tests': JSON.stringify([SMOKE_TEST]),
      ...(isSet ? { workload: `statefulset/${SET}` } : {}),
      ...(form === 'route' ? { route: 'httproute/web' } : {}),
    },
    publish(version, behaviour) {
      const name = agent.world.publish(version, behaviour);
      note(version);
      return name;
    },
    shares,
    names: () => new Map([...digests, ...notesOf(agent)]),
    foreignDeploy: (image) => apply(image, 'kubectl-set'),
    foreignAt: () => foreignAt,
    foreignPreview: null,
    release: null,
    deactivate: null,
    // As `kubectl apply`: only what differs from the file is patched.
    reapply: () => apply(`${REPOSITORY}:v1`, 'kubectl-client-side-apply'),
  };
}

/** The API server's proxy, through which pods are tested before they get traffic, keeps `authorization` for itself. */
const SMOKE_TEST = { 'GET /health': { headers: { 'x-api-key': SECRETS.bearer }, 'retry-for': '5s' } };

/** What is deployed has the variable already, so another user's deployment has it too. */
function withVariable(image: string): JsonObject {
  const env = [{ name: 'DATABASE_URL', value: SECRETS.environment }];
  return { template: { spec: { containers: [{ ...webContainer(image), env }] } } };
}

/** The front leads to it, and the Deployment is not there any more. */
async function addStatefulSet(stage: KubernetesStage): Promise<void> {
  const image = `${REPOSITORY}:v1`;
  await addSet(stage, 'StatefulSet', { name: SET, image, spec: { replicas: 2, ...withVariable(image) } });
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  const body = { metadata: { name: SET }, spec: { selector: { app: SET }, ports } };
  await stage.expect(paths.services, { method: 'POST', body });
  await stage.expect(paths.deployment(), { method: 'DELETE' });
  stage.expose(SHOP_HOST, { namespace: NAMESPACE, service: SET, port: '80' });
  await stage.pass(60_000);
}

const ROUTES = `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes`;
const ROUTE = {
  ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  metadata: { name: 'web' },
  spec: { hostnames: [SHOP_HOST], rules: [{ backendRefs: [{ name: DEPLOYMENT, port: 80 }] }] },
};

/** By the weights of the route, and in each Service by its pods. */
function sharesOf(
  { world }: KubernetesAgent,
  { service, digests }: { readonly service: string; readonly digests: ReadonlyMap<string, string> },
): readonly Share[] {
  const { store } = world.kubernetes;
  const alone = { namespace: NAMESPACE, service, port: '80', weight: 100 };
  const backends = (backendsFor(store, SHOP_HOST) ?? [alone]).filter(({ weight }) => weight > 0);
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  const versions = new Map(
    store.list(PODS, NAMESPACE).map((pod) => {
      const image = textAt(objectsAt(pod, 'spec', 'containers')[0]!, 'image');
      const version = digests.get(image) ?? digests.get(image.slice(image.indexOf('@') + 1)) ?? '?';
      return [textAt(pod, 'status', 'podIP'), version] as const;
    }),
  );
  return backends.flatMap((backend) => {
    const addresses = readyAddresses(store, backend);
    return addresses.map(({ ip }) => ({
      version: versions.get(ip) ?? '?',
      percent: (100 * backend.weight) / total / addresses.length,
    }));
  });
}

const CAUSE = 'kubernetes.io/change-cause';
const CHANGE = 'deploy-agent.dev/change';

/** What differs from run to run: the mark, and the run's name in the cause. */
function notesOf({ world }: KubernetesAgent): readonly (readonly [string, string])[] {
  const { store } = world.kubernetes;
  const objects = [DEPLOYMENTS, STATEFUL_SETS].flatMap((kind) => store.list(kind, NAMESPACE));
  return objects.flatMap((object) => {
    const { [CHANGE]: mark, [CAUSE]: cause } = annotationsOf(object) as Record<string, string | undefined>;
    const by = /^deploy-agent, .*?(?=: )/.exec(cause ?? '')?.[0];
    return [...(mark ? [[mark, 'mark'] as const] : []), ...(by ? [[by, 'run'] as const] : [])];
  });
}

/** In which order owners of fields are listed says nothing. */
function ordered(snapshot: JsonObject): JsonObject {
  const order = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(order);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) =>
        name === 'managedFields' && Array.isArray(member)
          ? [name, member.toSorted((one, other) => (textOf(one) < textOf(other) ? -1 : 1))]
          : [name, order(member as Json)],
      ),
    );
  };
  return order(snapshot) as JsonObject;
}

function textOf(value: unknown): string {
  return JSON.stringify(value);
}
