import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { buildImage } from '../../simulators/images.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { closeAgents } from './agent.ts';
import { givenApp, givenPinnedApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const failing = { answers: { '/health': { status: 500, body: 'no' } } };
function deploy(agent: Agent, behaviour: object, inputs: Record<string, string> = {}): Promise<ActionResult> {
  const image = agent.world.publish('v2', behaviour);
  return agent.deploy({ image, 'smoke-tests': smokeTests, ...inputs });
}

describe('a deploy whose smoke test fails is rolled back to exactly as before', () => {
  test.each<[string, () => Promise<Agent>, Record<string, string>]>([
    ['Single mode', () => givenApp({ app: { mode: 'Single' } }), {}],
    ['Multiple mode, rolling', () => givenApp(), {}],
    ['Multiple mode, canary', () => givenApp(), { strategy: 'canary' }],
    ['traffic by name, canary', () => givenPinnedApp(), { strategy: 'canary' }],
    ['traffic by name, rolling', () => givenPinnedApp(), {}],
    ['a label', () => givenPinnedApp('stable'), { strategy: 'canary' }],
  ])('%s', async (_title, given, inputs) => {
    const agent = await given();
    const before = agent.snapshot();
    const visits = agent.watch();
    const { main, post } = await deploy(agent, failing, inputs);
    expect([main.outputs['outcome'], main.exitCode, post.exitCode]).toEqual(['rolled-back', 1, 0]);
    expect(agent.snapshot()).toEqual(before);
    expect(await agent.ask()).toMatchObject({ status: 200, body: 'v1' });
    // A rolling deploy gives all users the bad revision before its smoke test fails; no user is left without an answer.
    expect(visits.failed).toBe(0);
  });

  test('traffic that is shared by two revisions', async () => {
    const agent = await givenPinnedApp('stable');
    const { azure, clock } = agent.world;
    azure.foreignDeploy('agent', agent.world.publish('v1b', { version: 'v1' }));
    await clock.advance(60_000);
    const other = azure.findApp('agent').revisions.at(-1)!.name;
    azure.foreignTraffic('agent', [
      { revisionName: 'agent--one', weight: 67, label: 'stable' },
      { revisionName: other, weight: 33, label: 'next' },
    ]);
    await clock.advance(30_000);
    const before = agent.snapshot();
    const canary = { strategy: 'canary', steps: '25% for 30s, 50% for 2m' };
    const { main } = await deploy(agent, { unhealthyAfterMs: 60_000 }, canary);
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });

  test('without ingress, when it crashes', async () => {
    const agent = await givenApp({ app: { ingress: null } });
    const before = agent.snapshot();
    const crash = { afterMs: 1_000, exitCode: 3, logs: ['boom'] };
    const { main } = await deploy(agent, { crash }, { 'smoke-tests': '' });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(main.log).toContain('boom');
    expect(agent.snapshot()).toEqual(before);
  });

  test('at 100%, when a revision that was healthy for long becomes unhealthy', async () => {
    const agent = await givenApp();
    const before = agent.snapshot();
    const behaviour = { unhealthyAfterMs: 90_000 };
    const { main } = await deploy(agent, behaviour, { strategy: 'blue-green', steps: '100% for 10m' });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });
});

test('unknown fields survive a deploy and a rollback, and secrets are never sent', async () => {
  const container = {
    name: 'agent',
    futureField: { nested: [1, { deep: true }] },
    env: [
      { name: 'OLD', value: 'kept', futureFlag: 'x' },
      { name: 'MODEL', value: 'small' },
    ],
    resources: { cpu: 0.5, memory: '1Gi', gpuKind: 'tiny' },
    probes: [{ type: 'Liveness', httpGet: { path: '/health', port: 8080 }, futureProbe: 1 }],
  };
  const sidecar = { name: 'sidecar', image: '', env: [{ name: 'SIDE', value: 'car' }], futureField: 2 };
  const { digest } = buildImage({ seed: 'v1', behaviour: { version: 'v1' } });
  const v1 = `acme.azurecr.io/agent@${digest}`;
  const agent = await givenApp({
    app: {
      template: {
        containers: [
          { ...container, image: v1 },
          { ...sidecar, image: v1 },
        ],
        futureTemplate: { a: 1 },
        scale: { minReplicas: 1, maxReplicas: 3, futureScale: 9 },
      },
      configuration: {
        futureConfiguration: { b: [2] },
        secrets: [
          { name: 'api-key', value: 's3cr3t-value' },
          { name: 'from-vault', keyVaultUrl: 'https://acme.vault.azure.net/secrets/x', identity: 'system' },
        ],
      },
    },
  });
  const before = agent.snapshot();
  const inputs = {
    container: 'agent',
    'environment-variables': 'MODEL: large\nNEW: added',
    secrets: 'OPENAI_API_KEY: api-key\nVAULTED: from-vault',
  };
  const { main } = await deploy(agent, {}, inputs);
  expect(main.outputs['outcome']).toBe('deployed');
  const { document } = agent.world.azure.findApp('agent') as unknown as { document: Record<string, unknown> };
  const { template, configuration } = document['properties'] as Record<string, Record<string, unknown>>;
  const [first, second] = template!['containers'] as Record<string, unknown>[];
  expect(first).toEqual({
    ...container,
    image: main.outputs['image'],
    env: [
      { name: 'OLD', value: 'kept', futureFlag: 'x' },
      { name: 'MODEL', value: 'large' },
      { name: 'NEW', value: 'added' },
      { name: 'OPENAI_API_KEY', secretRef: 'api-key' },
      { name: 'VAULTED', secretRef: 'from-vault' },
    ],
  });
  expect(second).toEqual({ ...sidecar, image: v1 });
  expect(template).toMatchObject({ futureTemplate: { a: 1 }, scale: { futureScale: 9 } });
  expect(configuration).toMatchObject({ futureConfiguration: { b: [2] } });
  const called = agent.world.edge.calls.map(({ operation }) => operation);
  expect(called).not.toContain('arm:ContainerApps_ListSecrets');

  const image = agent.world.publish('v3', failing);
  const middle = agent.snapshot();
  const changed = { ...inputs, 'environment-variables': 'MODEL: huge\nMORE: x' };
  const failed = await agent.deploy({ image, 'smoke-tests': smokeTests, ...changed });
  expect(failed.main.outputs['outcome']).toBe('rolled-back');
  expect(agent.snapshot()).toEqual(middle);
  expect(before).not.toEqual(middle);
});
