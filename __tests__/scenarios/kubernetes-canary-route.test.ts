import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { stateOf } from '../../simulators/kubernetes-scene.ts';
import { NAMESPACE, SHOP_HOST } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { inTheMiddle, isCopyThere, servedBeforeTests, watchTraffic } from './watch-kubernetes-split.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, contains: greeting, retry-for: 5s }';
const good: Partial<Behaviour> = { version: 'v2', answers: { '/predict': { status: 200, body: 'greeting' } } };
const bad: Partial<Behaviour> = { version: 'v2', answers: { '/predict': { status: 500, body: 'model not found' } } };
const canary = { strategy: 'canary', steps: '5% for 3m, 30% for 2m', 'smoke-tests': smokeTests };

interface Kind {
  readonly route: string;
  readonly path: string;
  readonly document: JsonObject;
}

const httpRoute: Kind = {
  route: 'httproute/web',
  path: `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes`,
  document: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web', namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: 'gateway' }],
      hostnames: [SHOP_HOST],
      rules: [
        { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [{ name: 'web', port: 80 }] },
        { backendRefs: [{ name: 'other', port: 80, weight: 3 }] },
      ],
    },
  },
};
const virtualService: Kind = {
  route: 'virtualservice/web',
  path: `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/virtualservices`,
  document: {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web', namespace: NAMESPACE },
    spec: {
      hosts: [SHOP_HOST],
      http: [{ timeout: '3s', route: [{ destination: { host: 'web', port: { number: 80 } } }] }],
    },
  },
};

async function givenRoute({ path, document }: Kind): Promise<KubernetesAgent> {
  const agent = await givenKubernetes({ stage: { replicas: 4 } });
  await agent.stage.expect(`${path}?fieldManager=gitops`, { method: 'POST', body: document });
  return agent;
}

/** Everything but the times. */
async function routeOf({ stage }: KubernetesAgent, { path }: Kind): Promise<unknown> {
  const { metadata, spec } = await stage.expect(`${path}/web`);
  const managers = objectsAt(metadata as JsonObject, 'managedFields').map(({ time: _, ...entry }) => entry);
  return { spec, managers };
}

/** The share of the copy in percent, each time that it changed: by what the route says. */
function watchShares(agent: KubernetesAgent, { path }: Kind): readonly number[] {
  const shares: number[] = [];
  agent.stage.every(500, async () => {
    const { spec } = await agent.stage.expect(`${path}/web`);
    const rule = objectsAt(spec as JsonObject, 'rules')[0] ?? objectsAt(spec as JsonObject, 'http')[0] ?? {};
    const backends = [...objectsAt(rule, 'backendRefs'), ...objectsAt(rule, 'route')];
    const weights = backends.map((backend) => ({
      name: textAt(backend, 'name') || textAt(objectAt(backend, 'destination'), 'host'),
      weight: Number(backend['weight'] ?? 1),
    }));
    const all = weights.reduce((sum, { weight }) => sum + weight, 0);
    const share = (100 * (weights.find(({ name }) => name === 'web-canary')?.weight ?? 0)) / all;
    if (shares.at(-1) !== share) shares.push(share);
  });
  return shares;
}

describe.each([
  ['an HTTPRoute', httpRoute],
  ['a VirtualService', virtualService],
])('exact weights by %s', (_, kind) => {
  test('a canary gets exactly the planned shares, and the route is as it was at the end', async () => {
    const agent = await givenRoute(kind);
    const before = await routeOf(agent, kind);
    const [traffic, shares] = [watchTraffic(agent), watchShares(agent, kind)];
    const image = agent.world.publish('v2', good);
    const started = agent.stage.now();
    const { main } = await agent.deploy({ image, ...canary, route: kind.route });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(main.log).toContain('web-canary: 1 pod, 5% of the traffic');
    expect(main.log).toContain('web-canary: 2 pods, 30% of the traffic');
    expect(shares).toEqual([0, 5, 30, 0]);
    const early = traffic.answers.filter(({ at }) => at - started > 60_000 && at - started < 160_000);
    const ours = early.filter(({ version }) => version === 'v2').length;
    expect(ours / early.length).toBeCloseTo(0.05, 2);
    expect(traffic.failed).toEqual([]);
    expect(servedBeforeTests(agent, traffic)).toEqual([]);
    expect(await routeOf(agent, kind)).toEqual(before);
    await agent.stage.pass(5_000);
    expect(await isCopyThere(agent)).toBe(false);
  });

  test.each([
    ['whose smoke test fails', bad],
    ['that turns bad at 5%', { ...good, unhealthyAfterMs: 60_000 }],
  ])('a canary %s leaves route, Service and Deployment as they were', async (_title, behaviour) => {
    const agent = await givenRoute(kind);
    const [before, route] = [await stateOf(agent.stage), await routeOf(agent, kind)];
    const image = agent.world.publish('v2', behaviour);
    const { main } = await agent.deploy({ image, ...canary, route: kind.route });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(await routeOf(agent, kind)).toEqual(route);
    await agent.stage.pass(5_000);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('blue-green moves all of it by the weights, and never touches the Service', async () => {
    const agent = await givenRoute(kind);
    const before = await routeOf(agent, kind);
    const service = await agent.stage.expect(`/api/v1/namespaces/${NAMESPACE}/services/web`);
    const [traffic, shares] = [watchTraffic(agent), watchShares(agent, kind)];
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({
      image,
      ...{ strategy: 'blue-green', 'smoke-tests': smokeTests, route: kind.route },
    });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(shares).toEqual([0, 100, 0]);
    expect(traffic.failed).toEqual([]);
    expect(await routeOf(agent, kind)).toEqual(before);
    expect(await agent.stage.expect(`/api/v1/namespaces/${NAMESPACE}/services/web`)).toEqual(service);
  });

  test('a backend that another user adds meanwhile stays; ours goes', async () => {
    const agent = await givenRoute(kind);
    inTheMiddle(agent, 60_000, async () => {
      const url = `${kind.path}/web`;
      const { spec } = await agent.stage.expect(url);
      const text = JSON.stringify(spec).replace('"web-canary"', '"other"');
      const body = { spec: JSON.parse(text) as JsonObject };
      await agent.stage.expect(url, { method: 'PATCH', patch: 'merge-patch+json', body });
    });
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, ...canary, route: kind.route });
    expect(main.exitCode).toBe(1);
    await agent.stage.pass(5_000);
    expect(await isCopyThere(agent)).toBe(false);
    const after = JSON.stringify(await routeOf(agent, kind));
    expect(after).toContain('"other"');
    expect(after).not.toContain('web-canary');
  });
});

describe('an input that does not fit', () => {
  test.each([
    ['route', 'ingress/web', /expected httproute\/NAME or virtualservice\/NAME/],
    ['route', 'httproute/none', /could not find HTTPRoute none/],
    ['service', 'none', /could not find service none/],
    ['overlap', 'soon', /overlap/],
  ])('%s: %s', async (name, value, expected) => {
    const agent = await givenRoute(httpRoute);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', good), ...canary, [name]: value });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(expected);
  });

  test('a route that does not lead to the Service', async () => {
    const agent = await givenRoute(httpRoute);
    const body = { spec: { rules: [{ backendRefs: [{ name: 'other', port: 80 }] }] } };
    await agent.stage.expect(`${httpRoute.path}/web`, { method: 'PATCH', patch: 'merge-patch+json', body });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', good), ...canary, route: 'httproute/web' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/Correct the input `route`/);
  });
});
