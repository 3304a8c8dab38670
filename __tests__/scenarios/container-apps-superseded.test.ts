import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { closeAgents } from './agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

/** Another user deploys v3 at the n-th call of this name, once, as soon as the app accepts it. */
function deployV3At(agent: Agent, operation: string, nth = 1): void {
  const image = agent.world.publish('v3', {});
  let seen = 0;
  agent.world.edge.onCall((call, moment) => {
    if (call.operation !== operation || moment !== 'after' || ++seen !== nth) return;
    agent.world.azure.setApp('agent', { provisioningState: 'Succeeded' });
    agent.world.azure.foreignDeploy('agent', image);
  });
}

describe('a newer deployment is not touched', () => {
  test.each<[string, string, number, Record<string, string>]>([
    ['between our read and our change', 'arm:ContainerApps_Get', 4, {}],
    ['during our smoke test', 'workload:GET /health', 1, {}],
    ['while our canary is analyzed', 'workload:GET /health', 4, { strategy: 'canary', steps: '10% for 2m' }],
  ])('%s', async (_title, operation, nth, inputs) => {
    const agent = await givenApp();
    const image = agent.world.publish('v2', {});
    deployV3At(agent, operation, nth);
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health', ...inputs });
    expect(main.outputs['outcome']).toBe('superseded');
    expect(main.log).toMatch(/^::error title=Superseded/m);
    await agent.world.clock.advance(120_000);
    const { document } = agent.world.azure.findApp('agent');
    expect(JSON.stringify(document['properties'])).toContain('ghcr.io/acme/agent:v3');
  });

  test('nor is traffic that another user moves to another revision', async () => {
    const agent = await givenApp();
    const third = agent.world.publish('v3', {});
    agent.world.azure.foreignDeploy('agent', third);
    await agent.world.clock.advance(60_000);
    const [one = '', two = ''] = agent.world.azure.findApp('agent').revisions.map(({ name }) => name);
    const image = agent.world.publish('v2', {});
    let asked = 0;
    agent.world.edge.onCall((call, moment) => {
      if (call.operation !== 'workload:GET /health' || moment !== 'after' || ++asked !== 3) return;
      agent.world.azure.setApp('agent', { provisioningState: 'Succeeded' });
      agent.world.azure.foreignTraffic('agent', [{ revisionName: one, weight: 100 }]);
    });
    const canary = { strategy: 'canary', steps: '10% for 5m' };
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health', ...canary });
    expect(two).not.toBe('');
    expect(main.outputs['outcome']).toBe('superseded');
    expect(main.log).toContain(`another deployment or user gave ${one} 100% of the traffic`);
  });
});

test('the traffic that had to stay pinned follows the latest again after the next deploy', async () => {
  const agent = await givenApp();
  deployV3At(agent, 'workload:GET /health', 4);
  const canary = { strategy: 'canary', steps: '10% for 2m', 'smoke-tests': '- GET /health' };
  const first = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
  expect(first.main.outputs['outcome']).toBe('superseded');
  expect(first.main.summary).toContain('The traffic stays pinned');
  await agent.world.clock.advance(120_000);
  const { main } = await agent.deploy({ image: agent.world.publish('v4', {}), base: 'serving', ...canary });
  expect([main.outputs['outcome'], await agent.ask()]).toMatchObject(['deployed', { body: 'v4' }]);
  const { document } = agent.world.azure.findApp('agent');
  expect(JSON.stringify(document['properties'])).toContain('"traffic":[{"latestRevision":true,"weight":100}]');
});
