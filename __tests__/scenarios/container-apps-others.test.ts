import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectAt } from '../../simulators/json.ts';
import { closeAgents } from './agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const canary = { strategy: 'canary', steps: '20% for 2m', 'smoke-tests': smokeTests };
const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const health = 'workload:GET /health';
const RELEASE =
  'az containerapp ingress traffic set --name agent --resource-group production --revision-weight latest=100';

/** Another user, once, after the n-th call of this name, as soon as the app is free. */
function at(agent: Agent, [operation, nth]: readonly [string, number], act: () => void): void {
  let seen = 0;
  agent.world.edge.onCall((call, moment) => {
    if (call.operation !== operation || moment !== 'after' || ++seen !== nth) return;
    agent.world.azure.setApp('agent', { provisioningState: 'Succeeded' });
    agent.world.azure.findApp('agent').operation = null;
    act();
  });
}

function templateOf({ world }: Agent): JsonObject {
  return objectAt(world.azure.findApp('agent').document, 'properties', 'template');
}

function trafficOf({ world }: Agent): readonly string[] {
  const { traffic } = world.azure.findApp('agent');
  return traffic.map(({ revision, weight, label }) => [revision ?? 'latest', weight, label ?? ''].join(' ').trim());
}

function activeOf({ world }: Agent): readonly string[] {
  return world.azure.findApp('agent').revisions.flatMap(({ active, name }) => (active ? [name] : []));
}

const strategies = [
  ['rolling', { 'smoke-tests': smokeTests }, [health, 1]],
  ['canary', canary, [health, 3]],
  ['blue-green', { strategy: 'blue-green', 'smoke-tests': smokeTests }, [health, 2]],
  ['preview', { traffic: '0', 'smoke-tests': smokeTests }, ['arm:ContainerAppsRevisionReplicas_ListReplicas', 2]],
] as const;

test.each(strategies)(
  'a tool that applies the old template and `latest 100` ends %s, and its traffic stays',
  async (_, inputs, moment) => {
    const agent = await givenApp({ app: { revisionSuffix: 'one' } });
    const old = templateOf(agent);
    at(agent, moment, () =>
      agent.world.azure.foreignChange('agent', {
        properties: {
          template: { ...old, revisionSuffix: null },
          configuration: { ingress: { traffic: [{ latestRevision: true, weight: 100 }] } },
        },
      }),
    );
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(main.outputs['outcome']).toBe('superseded');
    await agent.world.clock.advance(60_000);
    expect(trafficOf(agent)).toEqual(['latest 100']);
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
    expect(activeOf(agent).some((name) => /--[df]v/.test(name))).toBe(false);
    expect(objectAt(agent.world.azure.findApp('agent').document, 'tags')).toEqual({});
  },
);

test('a deployment of another user in the middle of a canary gets no traffic from us, and is told how to get it', async () => {
  const agent = await givenApp({ app: { revisionSuffix: 'one' } });
  const image = agent.world.publish('v3', bad);
  at(agent, [health, 3], () => agent.world.azure.foreignDeploy('agent', image));
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
  expect(main.outputs['outcome']).toBe('superseded');
  expect(trafficOf(agent)).toEqual(['agent--one 100']);
  expect(main.summary).toContain(`To let it follow the latest revision again: ${RELEASE}`);
});

describe('a preview of another user in the middle of a canary', () => {
  async function previewDuring(behaviour: Partial<Behaviour>) {
    const agent = await givenApp({ app: { revisionSuffix: 'one' } });
    const image = agent.world.publish('v3', bad);
    at(agent, [health, 3], () => {
      const [first] = templateOf(agent)['containers'] as JsonObject[];
      const named = agent.world.azure.findApp('agent').traffic.map(({ revision, weight }) => ({
        ...{ revisionName: revision!, weight },
        ...(revision === 'agent--one' ? { label: 'colleague' } : {}),
      }));
      agent.world.azure.foreignChange('agent', {
        properties: {
          template: { revisionSuffix: 'preview', containers: [{ ...first, image }] },
          configuration: { ingress: { traffic: named } },
        },
      });
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', behaviour), ...canary });
    await agent.world.clock.advance(60_000);
    return { agent, main };
  }

  test('does not end it, keeps its label, and gets no traffic at the end', async () => {
    const { agent, main } = await previewDuring({});
    expect(main.outputs['outcome']).toBe('deployed');
    expect(trafficOf(agent)).toEqual(['agent--one 0 colleague', `${main.outputs['revision']} 100`]);
    expect(activeOf(agent)).toContain('agent--preview');
  });

  test('gets none either when the canary is rolled back', async () => {
    const { agent, main } = await previewDuring({ unhealthyAfterMs: 60_000 });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(trafficOf(agent)).toEqual(['agent--one 100 colleague']);
    expect(main.summary).toContain('agent--preview, a preview of another user, was not touched');
  });
});

test('in Single mode, a deployment of another user during the last smoke test is not called deployed', async () => {
  const agent = await givenApp({ app: { mode: 'Single' } });
  const image = agent.world.publish('v3', {});
  at(agent, [health, 1], () => agent.world.azure.foreignDeploy('agent', image));
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
  expect(main.outputs['outcome']).toBe('superseded');
  await agent.world.clock.advance(60_000);
  expect(await agent.ask()).toMatchObject({ body: 'v3' });
});

test('an app that keeps no inactive revision is refused, unless no rollback is needed', async () => {
  const agent = await givenApp({ app: { configuration: { maxInactiveRevisions: 0 } } });
  const image = agent.world.publish('v2', {});
  const refused = await agent.deploy({ image, ...canary });
  expect(refused.main.outputs['outcome']).toBe('refused');
  expect(refused.main.log).toMatch(/keeps no inactive revision.*--max-inactive-revisions 10/s);
  const { main } = await agent.deploy({ image, ...canary, 'allow-no-rollback': 'true' });
  expect(main.outputs['outcome']).toBe('deployed');
});

test('after a preview that fails, a copy that may have no replica is woken before it takes the traffic', async () => {
  const agent = await givenApp({ app: { minReplicas: 0, staging: { startsAtZero: true } } });
  await agent.ask();
  await agent.world.clock.advance(10_000);
  const visits = agent.watch();
  const preview = { traffic: '0', 'smoke-tests': smokeTests };
  const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...preview });
  expect(main.outputs['outcome']).toBe('rolled-back');
  const { revisions, requests } = agent.world.azure.findApp('agent');
  const copy = revisions.at(-1)!;
  expect(copy.name).toMatch(/-r$/);
  expect(copy.replicas).toHaveLength(1);
  expect(requests.some(({ by, revision }) => by === 'revision' && revision === copy.name)).toBe(true);
  expect(visits.failed).toBe(0);
});
