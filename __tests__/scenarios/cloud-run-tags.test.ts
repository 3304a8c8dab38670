import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { byName, LATEST, trafficOf, wantedOf } from './watch-cloud-run.ts';

afterEach(closeAgents);

/** As long as the platform lets it be: 63 characters for the revision, 46 for tag and service together. */
const REVISION = `agent-${'r'.repeat(57)}`;
const tags = Array.from({ length: 24 }, (_, n) => `pull-request-${n}-`.padEnd(41, 'x'));
const service = {
  template: { revision: REVISION },
  traffic: [...LATEST, ...tags.map((tag) => byName(REVISION, 0, tag))],
};
const canary = { strategy: 'canary', steps: '5% for 10s', 'smoke-tests': '- GET /health' };

describe('a service with 24 traffic tags', () => {
  test('is deployed to with a 25th, which goes again, and keeps the others', async () => {
    const agent = await givenCloudRun({ service });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(trafficOf(agent)).toBe('v2 100');
    expect(wantedOf(agent)).toEqual(service.traffic);
  });

  test('is rolled back exactly, by main', async () => {
    const agent = await givenCloudRun({ service });
    const before = agent.snapshot();
    const unhealthy = { answers: { '/health': { status: 503 } } };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', unhealthy), ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
  });

  test('is rolled back exactly, by post, which has only the journal', async () => {
    const agent = await givenCloudRun({ service });
    const before = agent.snapshot();
    const image = agent.world.publish('v2', {});
    const { main, post } = await agent.deploy({ image, ...canary }, { onStart: agent.cancelMain(20_000) });
    expect(main.outputs).not.toHaveProperty('outcome');
    expect(post.log).toMatch(/restored/);
    expect(agent.snapshot()).toEqual(before);
  });
});
