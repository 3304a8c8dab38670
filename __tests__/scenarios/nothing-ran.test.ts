import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { AppOptions } from '../../simulators/azure/add-app.ts';
import { CLOUD_RUN_SERVICE as SERVICE } from '../../simulators/cloud-run-agent.ts';
import type { JsonObject } from '../../simulators/json.ts';
import { addSet, scale } from '../../simulators/kubernetes-scene.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { V1 } from './kubernetes-troubles.ts';

afterEach(closeAgents);

const crash = { crash: { afterMs: 1_000, exitCode: 1, logs: ['no DATABASE_URL'] } };
const proceed = { inconclusive: 'proceed' };

interface Row {
  readonly name: string;
  readonly image?: object;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly outcome: string;
  readonly says: RegExp;
}

describe('Container Apps: no replica is no proof', () => {
  const idle = { minReplicas: 0, staging: { startsAtZero: true } };
  const worker = { ...idle, ingress: null };
  test.each<Row & { readonly app: Partial<AppOptions>; readonly withoutRoom?: number }>([
    {
      name: 'no room for the minimum of 2, without ingress',
      app: { minReplicas: 2, ingress: null },
      withoutRoom: 1,
      inputs: { timeout: '3m' },
      outcome: 'rolled-back',
      says: /::error.*0 of at least 2 replicas/,
    },
    {
      name: 'a queue worker at 0 whose image crashes',
      app: worker,
      image: crash,
      outcome: 'rolled-back',
      says: /::error.*could not tell whether agent--\w+ works.*Let at least one instance run/,
    },
    {
      name: 'the same in Single mode',
      app: { ...worker, mode: 'Single' },
      image: crash,
      outcome: 'rolled-back',
      says: /::error.*could not tell whether agent--\w+ works/,
    },
    {
      name: 'a queue worker at 0, on request',
      app: worker,
      inputs: proceed,
      outcome: 'deployed',
      says: /::warning::could not tell whether agent--\w+ works.*as `inconclusive: proceed` says/,
    },
    {
      name: 'an app at 0 that a request wakes',
      app: idle,
      outcome: 'deployed',
      says: /has scaled to zero, and no replica of it was seen; waking it/,
    },
    {
      name: 'an app at 0 that crashes when a request wakes it',
      app: idle,
      image: crash,
      inputs: proceed,
      outcome: 'rolled-back',
      says: /::error.*container agent:.*CrashLoopBackOff/,
    },
  ])('$name: $outcome', async ({ app, withoutRoom = 0, image = {}, inputs = {}, outcome, says }) => {
    const agent = await givenApp({ app });
    agent.world.azure.setApp('agent', { withoutRoom });
    await expectEnd(agent, { image, inputs, outcome, says });
  });
});

describe('Cloud Run: a health check that did not take place is no proof', () => {
  const unchecked = { template: { healthCheckDisabled: true } };
  const stopped = { extras: { scaling: { scalingMode: 'MANUAL', manualInstanceCount: 0 } } };
  const tests = { 'smoke-tests': '- GET /health: { retry-for: 5s }' };
  test.each<Row & { readonly service: JsonObject }>([
    {
      name: 'manual scaling to 0',
      service: stopped,
      outcome: 'refused',
      says: /::error.*manual scaling is set to 0 instances, so no instance would show.*--scaling 1.*`allow-empty: true`/,
    },
    {
      name: 'manual scaling to 0, in a plan',
      service: stopped,
      inputs: { mode: 'plan' },
      outcome: 'refused',
      says: /::error.*manual scaling is set to 0 instances, so no instance would show/,
    },
    {
      name: 'no health check, and no smoke test',
      service: unchecked,
      image: crash,
      outcome: 'rolled-back',
      says: /::error.*its health check is disabled, so no instance was started/,
    },
    {
      name: 'no health check, and a smoke test that passes',
      service: unchecked,
      inputs: tests,
      outcome: 'deployed',
      says: /::warning::The health check of the service is disabled/,
    },
    {
      name: 'no health check, and a smoke test that fails',
      service: unchecked,
      image: crash,
      inputs: tests,
      outcome: 'rolled-back',
      says: /::error.*smoke tests failed/,
    },
    {
      name: 'manual scaling to 0, with allow-empty: smoke tests do not run',
      service: stopped,
      image: crash,
      inputs: { ...tests, 'allow-empty': 'true' },
      outcome: 'deployed',
      says: /::warning::service agent.*manual scaling is set to 0 instances: nothing runs, so nothing is tested/,
    },
    {
      name: 'no health check, on request',
      service: unchecked,
      inputs: proceed,
      outcome: 'deployed',
      says: /::warning::could not tell whether agent-\d{5}-\w{3} works: .*as `inconclusive: proceed` says/,
    },
  ])('$name: $outcome', async ({ service, image = {}, inputs = {}, outcome, says }) => {
    const agent = await givenCloudRun({ service });
    const serving = servingOf(agent);
    await expectEnd(agent, { image, inputs, outcome, says });
    expect(servingOf(agent) === serving).toBe(outcome !== 'deployed');
  });
});

describe('Kubernetes: no pod is no proof', () => {
  const tests = { 'smoke-tests': '- GET /health: { retry-for: 5s }' };
  test.each(['plan', 'deploy'])('a DaemonSet that no node matches any more is refused (%s)', async (mode) => {
    const agent = await givenKubernetes();
    await addSet(agent.stage, 'DaemonSet', { name: 'logger', image: V1 });
    const body = { spec: { template: { spec: { nodeSelector: { disk: 'none' } } } } };
    await agent.stage.expect(`${paths.daemonSets}/logger`, { method: 'PATCH', body });
    await agent.stage.pass(10_000);
    await expectEnd(agent, {
      ...{ image: {}, inputs: { ...tests, mode, workload: 'daemonset/logger' }, outcome: 'refused' },
      says: /::error.*no node matches it, so nothing would run.*`allow-empty: true`/,
    });
  });

  test.each(['plan', 'deploy'])('a StatefulSet that is scaled to 0 is refused (%s)', async (mode) => {
    const agent = await givenKubernetes();
    await addSet(agent.stage, 'StatefulSet', { name: 'db', image: V1 });
    const body = { spec: { replicas: 0 } };
    await agent.stage.expect(`${paths.statefulSets}/db`, { method: 'PATCH', body });
    await agent.stage.pass(10_000);
    await expectEnd(agent, {
      ...{ image: {}, inputs: { ...tests, mode, workload: 'statefulset/db' }, outcome: 'refused' },
      says: /::error.*it is scaled to 0, so nothing would run/,
    });
  });

  test('a Deployment that was scaled to 0 during the rollout is not deployed', async () => {
    const agent = await givenKubernetes();
    const stop = agent.world.edge.onCall(({ operation }, when) => {
      if (operation !== 'kubernetes:patch deployments' || when !== 'after') return undefined;
      stop();
      return scale(agent.stage, 0);
    });
    await expectEnd(agent, {
      ...{ image: {}, inputs: {}, outcome: 'rolled-back' },
      says: /::error.*has no pods, as the workload was scaled to 0: nothing runs, so nothing was proven/,
    });
  });
});

test.each(['plan', 'deploy'])(
  'Amazon ECS: a DAEMON service without a container instance is refused (%s)',
  async (mode) => {
    const agent = await givenAgent({ service: { schedulingStrategy: 'DAEMON', desiredCount: 0 } });
    await expectEnd(agent, {
      ...{ image: {}, inputs: { mode }, outcome: 'refused' },
      says: /::error.*its desired count is 0.*Next step: Add a container instance to the cluster/,
    });
  },
);

function servingOf({ world }: Agent): string | undefined {
  return world.google.look(SERVICE).routes.find(({ percent }) => percent > 0)?.revision.id;
}

async function expectEnd(
  agent: Agent,
  { image, inputs, outcome, says }: Required<Pick<Row, 'image' | 'inputs' | 'outcome' | 'says'>>,
): Promise<void> {
  const { main, post } = await agent.deploy({ image: agent.world.publish('v2', image), ...inputs });
  expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome, log: expect.stringMatching(says) });
  expect([main.exitCode, post.exitCode]).toEqual([outcome === 'deployed' ? 0 : 1, 0]);
}
