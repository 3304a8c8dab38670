import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { CLOUD_RUN_SERVICE as SERVICE, seedImage } from '../../simulators/cloud-run-agent.ts';
import { type JsonObject, objectAt } from '../../simulators/json.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { byName, LATEST, trafficOf, updatesOf, wantedOf } from './watch-cloud-run.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const canary = { strategy: 'canary', steps: '5% for 2m', 'smoke-tests': smokeTests };
const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };

/** Somebody else, once, at the n-th call of this name. */
function at(agent: Agent, operation: string, nth: number, act: () => void, when: 'before' | 'after' = 'after'): void {
  let seen = 0;
  agent.world.edge.onCall((call, moment) => {
    if (call.operation === operation && moment === when && ++seen === nth) act();
    return undefined;
  });
}

const imageOf = (agent: Agent): string => {
  const [container] = objectAt(agent.world.google.look(SERVICE).config, 'template')['containers'] as JsonObject[];
  return String(container!['image']);
};

describe('a deployment that somebody else starts', () => {
  test.each([
    // Dry runs: two. The third update is ours.
    ['between our look and our update', 'run:UpdateService', 2, 'after', {}],
    ['at the moment of our update', 'run:UpdateService', 3, 'before', {}],
    ['right after our update', 'run:UpdateService', 3, 'after', {}],
    ['while our revision starts', 'run:GetOperation', 1, 'after', {}],
    ['during our smoke test', 'workload:GET /health', 1, 'after', {}],
    ['as our first share is requested', 'run:UpdateService', 4, 'before', {}],
    ['while ours is analyzed', 'workload:GET /health', 4, 'after', {}],
    ['while our smoke test fails', 'workload:GET /health', 1, 'after', bad],
    ['while ours is taken back', 'run:UpdateService', 4, 'before', bad],
  ] as const)('%s stays, and ours gets no traffic', async (_title, operation, nth, moment, image) => {
    const agent = await givenCloudRun();
    const theirs = seedImage(agent.world, 'v3');
    at(agent, operation, nth, () => agent.world.google.foreignDeploy(SERVICE, theirs), moment);
    const { main, post } = await agent.deploy({ image: agent.world.publish('v2', image), ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'superseded' } });
    expect(main.log).toMatch(/agent-0000\d-\w+ was deployed after ours and was not touched/);
    expect(post.summary).toBe('');
    // Their deployment is no check of ours that failed.
    if (image !== bad) expect(main.summary).not.toContain('❌');
    await agent.world.clock.advance(60_000);
    expect(imageOf(agent)).toBe(theirs);
    expect(trafficOf(agent)).toMatch(/^v[13] 100$/);
    expect(wantedOf(agent).filter((target) => /^[cl]-/.test(String(target['tag'])))).toEqual([]);
  });

  test('while ours, which follows the latest, is smoke-tested: theirs is the latest now, and serves', async () => {
    const agent = await givenCloudRun();
    const theirs = seedImage(agent.world, 'v3');
    at(agent, 'workload:GET /health', 1, () => agent.world.google.foreignDeploy(SERVICE, theirs));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'superseded' } });
    await agent.world.clock.advance(60_000);
    expect(imageOf(agent)).toBe(theirs);
    expect(wantedOf(agent)).toEqual(LATEST);
    expect(trafficOf(agent)).toBe('v3 100');
  });

  test('after ours was done is no affair of post', async () => {
    const agent = await givenCloudRun();
    const theirs = seedImage(agent.world, 'v3');
    const afterMain = (): void => agent.world.google.foreignDeploy(SERVICE, theirs);
    const { main, post } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary }, { afterMain });
    expect([main.outputs['outcome'], post.exitCode]).toEqual(['deployed', 0]);
    await agent.world.clock.advance(60_000);
    expect(trafficOf(agent)).toBe('v3 100');
  });

  test('before ours is waited for, and is what a rollback restores', async () => {
    const agent = await givenCloudRun();
    agent.world.google.foreignDeploy(SERVICE, seedImage(agent.world, 'v3'));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(main.log).toContain('another deployment is in progress');
    expect(trafficOf(agent)).toBe('v3 100');
    expect(wantedOf(agent)).toEqual(LATEST);
  });
});

describe('a traffic table that somebody else sets', () => {
  test('while ours is analyzed is not touched', async () => {
    const agent = await givenCloudRun({ service: { template: { revision: 'agent-zero' } } });
    const one = seedImage(agent.world, 'v1b');
    agent.world.google.foreignDeploy(SERVICE, one);
    await agent.world.clock.advance(60_000);
    const theirs = [byName('agent-zero', 100)];
    at(agent, 'workload:GET /health', 4, () => agent.world.google.foreignTraffic(SERVICE, theirs));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'superseded' });
    expect(main.log).toMatch(/another user or deployment changed the traffic to agent-zero 100%/);
    expect(wantedOf(agent)).toEqual(theirs);
  });

  test('only adds a tag: that is kept, and nothing is superseded', async () => {
    const agent = await givenCloudRun();
    at(agent, 'workload:GET /health', 4, () => {
      const old = agent.world.google.look(SERVICE).revisions[0]!.id;
      agent.world.google.foreignTraffic(SERVICE, [...wantedOf(agent), byName(old, 0, 'mine')]);
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(wantedOf(agent).map(({ tag }) => tag)).toEqual([undefined, 'mine']);
    expect(updatesOf(agent).length).toBeGreaterThan(2);
  });
});

describe('a cancelled job', () => {
  test.each([4_000, 12_000, 20_000, 60_000, 140_000])(
    '%s ms after its start is rolled back by post',
    async (afterMs) => {
      const agent = await givenCloudRun();
      const before = agent.snapshot();
      const { main, post } = await agent.deploy(
        { image: agent.world.publish('v2', {}), ...canary },
        { onMainStart: agent.cancelMain(afterMs) },
      );
      expect(main).toMatchObject({ exitCode: 1, outputs: {} });
      expect(post.exitCode).toBe(1);
      expect(post.summary).toMatch(/`(?:rolled-back|refused)`/);
      expect(agent.snapshot()).toEqual(before);
    },
  );

  test('with on-cancel: keep is left as it is', async () => {
    const agent = await givenCloudRun();
    const { post } = await agent.deploy(
      { image: agent.world.publish('v2', {}), ...canary, 'on-cancel': 'keep' },
      { onMainStart: agent.cancelMain(60_000) },
    );
    expect(post.summary).toContain('`kept`');
    expect(trafficOf(agent)).toBe('v1 95, v2 5');
  });

  test('on-failure: keep leaves a failed canary, with the command to go back', async () => {
    const agent = await givenCloudRun();
    const image = agent.world.publish('v2', { unhealthyAfterMs: 40_000 });
    const { main } = await agent.deploy({ image, ...canary, 'on-failure': 'keep' });
    expect(main.outputs).toMatchObject({ outcome: 'kept' });
    expect(main.summary).toContain('gcloud run services update-traffic agent');
    expect(trafficOf(agent)).toBe('v1 95, v2 5');
  });
});
