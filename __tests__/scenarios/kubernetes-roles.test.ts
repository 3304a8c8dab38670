import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { addSet, allow, stateOf } from '../../simulators/kubernetes-scene.ts';
import { DEPLOYMENT, NAMESPACE, SHOP_HOST } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { permissionsOf, readRoles, watchAccess } from './kubernetes-roles.ts';
import { JOBS } from './watch-smoke-jobs.ts';

afterEach(closeAgents);

/** What docs/kubernetes.md tells users to grant. */
const roles = readRoles();

const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, contains: greeting, retry-for: 5s }';
const good: Partial<Behaviour> = { version: 'v2', answers: { '/predict': { status: 200, body: 'greeting' } } };
const behaviours = {
  good,
  'an image whose smoke test fails': { ...good, answers: { '/predict': { status: 500, body: 'no model' } } },
  'an image that becomes unhealthy': { ...good, unhealthyAfterMs: 45_000 },
  'an image that crashes': { ...good, crash: { afterMs: 500, exitCode: 1, logs: ['KeyError: OPENAI_API_KEY'] } },
} satisfies Record<string, Partial<Behaviour>>;
type Ending = keyof typeof behaviours;

interface Grant {
  readonly title: string;
  /** Names of the Roles of the guide that are granted, and no others. */
  readonly granted: readonly string[];
  readonly inputs: Readonly<Record<string, string>>;
  readonly prepare?: (agent: KubernetesAgent) => Promise<unknown>;
  /** That the same image gets after a deployment with the inputs above. */
  readonly next?: Readonly<Record<string, string>>;
  /** What the action asks for and goes on without. */
  readonly spared?: readonly string[];
  readonly outcomes: Partial<Record<Ending, string>>;
}

const canary = { strategy: 'canary', steps: '50% for 1m' };
const outcomes = {
  good: 'deployed',
  'an image whose smoke test fails': 'rolled-back',
  'an image that crashes': 'rolled-back',
} as const;

/** A rollback looks whether a Service leads to a copy: there is none whose Role for it is missing. */
const SERVICE_OF_A_COPY = [': get services (web)'];

const inCluster =
  '- GET /: { in-cluster: true }\n- POST /predict: { in-cluster: true, json-body: { text: hello }, contains: greeting, retry-for: 5s }';

/** No Service leads to these sets. */
const withoutTraffic = { url: '', 'smoke-tests': '' };

const grants: readonly Grant[] = [
  { title: 'rolling', granted: ['deploy'], inputs: {}, spared: SERVICE_OF_A_COPY, outcomes },
  {
    title: 'rolling, where the address is looked up and a pod is tried',
    granted: ['deploy', 'deploy-optional'],
    inputs: { url: '' },
    prepare: addIngress,
    spared: SERVICE_OF_A_COPY,
    outcomes,
  },
  {
    title: 'canary',
    granted: ['deploy', 'deploy-beside'],
    inputs: canary,
    outcomes: { ...outcomes, 'an image that becomes unhealthy': 'rolled-back' },
  },
  {
    title: 'rolling, with smoke tests in the cluster',
    granted: ['deploy', 'deploy-smoke-tests'],
    inputs: { 'smoke-tests': inCluster },
    prepare: addSmokeTestOfLostRun,
    spared: SERVICE_OF_A_COPY,
    outcomes,
  },
  {
    title: 'canary, with smoke tests in the cluster',
    granted: ['deploy', 'deploy-beside', 'deploy-smoke-tests'],
    inputs: { ...canary, 'smoke-tests': inCluster },
    outcomes: { good: 'deployed' },
  },
  {
    title: 'a preview, then a rolling deployment of it',
    granted: ['deploy', 'deploy-beside'],
    inputs: { traffic: '0' },
    next: {},
    outcomes: { ...outcomes, good: 'previewed' },
  },
  {
    title: 'blue-green',
    granted: ['deploy', 'deploy-beside', 'deploy-blue-green'],
    inputs: { strategy: 'blue-green', steps: '100% for 1m' },
    outcomes: { ...outcomes, 'an image that becomes unhealthy': 'rolled-back' },
  },
  {
    title: 'canary by an HTTPRoute',
    granted: ['deploy', 'deploy-beside', 'deploy-httproute'],
    inputs: { ...canary, route: 'httproute/web' },
    prepare: addHttpRoute,
    outcomes: { ...outcomes, 'an image that becomes unhealthy': 'rolled-back' },
  },
  {
    title: 'canary by a VirtualService',
    granted: ['deploy', 'deploy-beside', 'deploy-virtualservice'],
    inputs: { ...canary, route: 'virtualservice/web' },
    prepare: addVirtualService,
    outcomes: { ...outcomes, 'an image that becomes unhealthy': 'rolled-back' },
  },
  {
    title: 'a StatefulSet',
    granted: ['deploy-statefulset'],
    inputs: { workload: 'statefulset/db', ...withoutTraffic },
    prepare: (agent) => addSet(agent.stage, 'StatefulSet', { name: 'db', image: agent.world.publish('v1', {}) }),
    outcomes: { good: 'deployed', 'an image that crashes': 'rolled-back' },
  },
  {
    title: 'a DaemonSet',
    granted: ['deploy-daemonset'],
    inputs: { workload: 'daemonset/log-agent', ...withoutTraffic },
    prepare: (agent) => addSet(agent.stage, 'DaemonSet', { name: 'log-agent', image: agent.world.publish('v1', {}) }),
    outcomes: { good: 'deployed', 'an image that crashes': 'rolled-back' },
  },
];

const used = new Set<string>();

describe.each(grants)(
  'with the Roles of the guide for $title',
  ({ granted, inputs, next, prepare, spared, outcomes: ends }) => {
    test.each(Object.entries(ends))('%s: %s, and nothing is denied', async (ending, outcome) => {
      const agent = await givenKubernetes();
      await prepare?.(agent);
      const before = await stateOf(agent.stage);
      await allow(
        agent.stage,
        granted.flatMap((name) => roles.get(name)!),
      );
      const access = watchAccess(agent, granted, spared);
      const image = agent.world.publish('v2', behaviours[ending as Ending]);
      const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, ...inputs });
      const { outputs, log } = main;
      // With the log, so that a failure shows it.
      expect({ outcome: outputs['outcome'], denied: access.denied, log }).toEqual({ outcome, denied: [], log });
      expect(main.log).not.toMatch(/continuing without/);
      if (ending === 'an image that crashes') expect(main.log).toContain('KeyError: OPENAI_API_KEY');
      if (outcome === 'rolled-back') expect(await stateOf(agent.stage)).toEqual(before);
      if (next && outcome === 'previewed') {
        const second = await agent.deploy({ image, ...next, 'smoke-tests': smokeTests });
        expect(second.main.outputs['outcome']).toBe('deployed');
        expect(access.denied).toEqual([]);
      }
      for (const permission of access.used) used.add(permission);
    });
  },
);

test('with the input `service`, Services need not be listed', async () => {
  const agent = await givenKubernetes();
  const rules = ['deploy', 'deploy-beside'].flatMap((name) => roles.get(name)!);
  const lists = rules.map((rule) => ({ ...rule, resources: rule.resources.filter((name) => name !== 'services') }));
  // A rule of no resources is none: an API server refuses it.
  const others = lists.filter(({ resources }) => resources.length > 0);
  await allow(agent.stage, [...others, { ...rules[0]!, apiGroups: [''], resources: ['services'], verbs: ['get'] }]);
  const access = watchAccess(agent, []);
  const image = agent.world.publish('v2', good);
  const { main } = await agent.deploy({ image, ...canary, service: DEPLOYMENT, 'smoke-tests': smokeTests });
  expect({ outcome: main.outputs['outcome'], denied: access.denied }).toEqual({ outcome: 'deployed', denied: [] });
});

test('a Role of the guide grants nothing that none of these stories needs', () => {
  const all = [...roles].flatMap(([name, rules]) => permissionsOf(name, rules));
  expect(all.filter((permission) => !used.has(permission))).toEqual([]);
  expect(all.length).toBeGreaterThan(30);
});

test('every Role of the guide is granted in one of these stories', () => {
  expect(new Set(grants.flatMap(({ granted }) => granted))).toEqual(new Set(roles.keys()));
});

/** It has ended, and whoever made it did not delete it. */
async function addSmokeTestOfLostRun({ stage }: KubernetesAgent): Promise<void> {
  const container = { name: 'smoke-test', image: 'docker.io/library/busybox', command: ['sh', '/none'] };
  await stage.expect(JOBS, {
    method: 'POST',
    body: {
      metadata: { name: `${DEPLOYMENT}-smoke-test`, labels: { 'deploy-agent.dev/smoke-test-of': DEPLOYMENT } },
      spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    },
  });
  await stage.pass(20_000);
}

async function addIngress({ stage }: KubernetesAgent): Promise<void> {
  const path = { path: '/', pathType: 'Prefix', backend: { service: { name: DEPLOYMENT, port: { number: 80 } } } };
  await stage.expect(`/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/ingresses`, {
    method: 'POST',
    body: {
      metadata: { name: 'web' },
      spec: { tls: [{ hosts: [SHOP_HOST] }], rules: [{ host: SHOP_HOST, http: { paths: [path] } }] },
    },
  });
}

async function addHttpRoute({ stage }: KubernetesAgent): Promise<void> {
  await stage.expect(`/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes`, {
    method: 'POST',
    body: {
      ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
      metadata: { name: 'web' },
      spec: { hostnames: [SHOP_HOST], rules: [{ backendRefs: [{ name: DEPLOYMENT, port: 80 }] }] },
    },
  });
}

async function addVirtualService({ stage }: KubernetesAgent): Promise<void> {
  await stage.expect(`/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/virtualservices`, {
    method: 'POST',
    body: {
      ...{ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' },
      metadata: { name: 'web' },
      spec: { hosts: [SHOP_HOST], http: [{ route: [{ destination: { host: DEPLOYMENT, port: { number: 80 } } }] }] },
    },
  });
}
