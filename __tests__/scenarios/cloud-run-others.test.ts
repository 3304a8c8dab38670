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
const strategies = [
  ['rolling', { 'smoke-tests': smokeTests }, 'workload:GET /health'],
  ['canary', canary, 'workload:GET /health'],
  ['blue-green', { strategy: 'blue-green', 'smoke-tests': smokeTests }, 'workload:GET /health'],
  // A preview ends with its smoke test.
  ['preview', { traffic: '0', 'smoke-tests': smokeTests }, 'run:GetOperation'],
] as const;
const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const RELEASE = 'gcloud run services update-traffic agent --region europe-west1 --project acme-prod --to-latest';

/** Someone else, once, at the n-th call of this name. */
function at(agent: Agent, operation: string, nth: number, act: () => void): void {
  let seen = 0;
  agent.world.edge.onCall((call, moment) => {
    if (call.operation === operation && moment === 'after' && ++seen === nth) act();
    return undefined;
  });
}

const configOf = ({ world }: Agent): JsonObject => world.google.look(SERVICE).config;
const settle = (agent: Agent) => agent.world.clock.advance(60_000);

/** Nothing of ours is left: no tag, no share, no marker, no label that was not there. */
function expectNothingOfOurs(agent: Agent): void {
  expect(wantedOf(agent).filter(({ tag }) => /^[cl]-/.test(String(tag ?? '')))).toEqual([]);
  expect(configOf(agent)['annotations']).toBeUndefined();
  expect(configOf(agent)['labels']).toBeUndefined();
  expect(trafficOf(agent)).not.toContain('v2');
}

/** `gcloud run deploy --no-traffic --tag pr-7`: pins what follows the latest, and names the revision itself. */
function preview(agent: Agent, tag = 'pr-7', image: Partial<Behaviour> = {}): string {
  const { template, traffic } = configOf(agent);
  const revision = `agent-${tag}-${String(agent.world.clock.now()).slice(-6)}`;
  const containers = [{ image: seedImage(agent.world, tag, image) }];
  const serving = agent.world.google.look(SERVICE).routes.find(({ kind }) => kind === 'latest')?.revision.id;
  const pinned = (traffic as JsonObject[])
    .filter((target) => target['tag'] !== tag)
    .map((target) => (target['revision'] ? target : byName(String(serving), Number(target['percent']))));
  const body = {
    template: { ...(template as JsonObject), revision, containers },
    traffic: [...pinned, byName(revision, 0, tag)],
  };
  agent.world.google.foreignUpdate(SERVICE, body);
  return revision;
}

describe('a tool that applies its own, previous configuration in the middle of a rollout', () => {
  describe.each(strategies)('%s', (_, inputs, operation) => {
    test.each([
      ['keeps what it does not know', false],
      ['drops what it does not know', true],
    ])('and %s: superseded at once, with the traffic as that tool left it', async (_title, drops) => {
      const agent = await givenCloudRun();
      const { template } = configOf(agent);
      const mine = {
        template: template as JsonObject,
        traffic: LATEST,
        ...(drops ? { annotations: {}, labels: {} } : {}),
      };
      at(agent, operation, 1, () => agent.world.google.foreignUpdate(SERVICE, mine));
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
      expect(main.outputs['outcome']).toBe('superseded');
      expect(agent.world.clock.now() - 1_900_000_000_000).toBeLessThan(120_000);
      await settle(agent);
      expect(wantedOf(agent)).toEqual(LATEST);
      expect(trafficOf(agent)).toBe('v1 100');
      expectNothingOfOurs(agent);
    });

    test('after a deploy of ours, whose name its configuration has: superseded', async () => {
      const agent = await givenCloudRun();
      await agent.deploy({ image: agent.world.publish('v1b', {}), 'smoke-tests': smokeTests });
      await settle(agent);
      const { template, labels } = configOf(agent);
      at(agent, operation, 1, () =>
        agent.world.google.foreignUpdate(SERVICE, { template: template as JsonObject, traffic: LATEST }),
      );
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
      expect(main.outputs['outcome']).toBe('superseded');
      await settle(agent);
      expect([trafficOf(agent), wantedOf(agent)]).toEqual(['v1b 100', LATEST]);
      expect(configOf(agent)['annotations']).toBeUndefined();
      expect(configOf(agent)['labels']).toEqual(labels);
    });
  });

  test.each(strategies)(
    'while %s is rolled back: superseded, as what serves is its revision',
    async (...[, inputs]) => {
      const agent = await givenCloudRun();
      const { template } = configOf(agent);
      let isFailed = false;
      agent.world.edge.onCall(({ operation, mutates }, when) => {
        isFailed ||= operation === 'workload:GET /health';
        if (!isFailed || !mutates || when !== 'after' || configOf(agent)['template'] === template) return;
        isFailed = false;
        agent.world.google.foreignUpdate(SERVICE, { template: template as JsonObject, traffic: LATEST });
      });
      const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...inputs });
      expect(main.outputs['outcome']).toBe('superseded');
      await settle(agent);
      expect([trafficOf(agent), wantedOf(agent)]).toEqual(['v1 100', LATEST]);
      expectNothingOfOurs(agent);
    },
  );

  test.each([1, 2, 3, 4, 5, 6, 7])(
    'after read %s of the service, before ours is sent: it is what serves at the end',
    async (nth) => {
      const agent = await givenCloudRun();
      const { template } = configOf(agent);
      await agent.deploy({ image: agent.world.publish('v1b', {}), traffic: '0' });
      await settle(agent);
      at(agent, 'run:GetService', nth, () =>
        agent.world.google.foreignUpdate(SERVICE, { template: template as JsonObject, traffic: LATEST }),
      );
      const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...canary });
      expect(main.outputs['outcome']).toMatch(/^(?:rolled-back|superseded)$/);
      await settle(agent);
      expect([trafficOf(agent), wantedOf(agent)]).toEqual(['v1 100', LATEST]);
      expect(configOf(agent)['annotations']).toBeUndefined();
    },
  );

  test('but leaves the traffic: ours is taken out, and it follows the latest only if that is what served', async () => {
    const agent = await givenCloudRun();
    const { template } = configOf(agent);
    at(agent, 'workload:GET /health', 3, () =>
      agent.world.google.foreignUpdate(SERVICE, { template: template as JsonObject }),
    );
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('superseded');
    expect(main.log).toContain(`To let it follow the latest revision again: ${RELEASE}`);
    await settle(agent);
    expect(trafficOf(agent)).toBe('v1 100');
    expectNothingOfOurs(agent);
  });
});

describe('a deployment by another user', () => {
  test('during our canary: its untested revision gets no traffic by us, and the outcome says what releases it', async () => {
    const agent = await givenCloudRun();
    at(agent, 'workload:GET /health', 4, () => agent.world.google.foreignDeploy(SERVICE, seedImage(agent.world, 'v3')));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('superseded');
    for (const said of [main.log, main.summary]) {
      expect(said).toMatch(/stays pinned to agent-00001-\w+ 100%/);
      expect(said).toContain(RELEASE);
    }
    await settle(agent);
    expect(trafficOf(agent)).toBe('v1 100');
    expectNothingOfOurs(agent);
    for (const { body } of updatesOf(agent)) expect(JSON.stringify(body['traffic'] ?? '')).not.toContain('LATEST');
  });

  test('that itself sets the traffic to the latest keeps it', async () => {
    const agent = await givenCloudRun();
    at(agent, 'workload:GET /health', 4, () => {
      agent.world.google.foreignDeploy(SERVICE, seedImage(agent.world, 'v3'));
      agent.world.google.foreignTraffic(SERVICE, LATEST);
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('superseded');
    await settle(agent);
    expect([trafficOf(agent), wantedOf(agent)]).toEqual(['v3 100', LATEST]);
    expectNothingOfOurs(agent);
  });

  test('that does not start, over a rolling deploy whose smoke test fails: neither of them serves', async () => {
    const agent = await givenCloudRun();
    const crashing = seedImage(agent.world, 'v3', { crash: { afterMs: 100, exitCode: 1, logs: [] } });
    at(agent, 'workload:GET /health', 1, () => agent.world.google.foreignDeploy(SERVICE, crashing));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), 'smoke-tests': smokeTests });
    expect(main.outputs['outcome']).toBe('superseded');
    await settle(agent);
    expect(trafficOf(agent)).toBe('v1 100');
    expect(main.log).toContain(RELEASE);
    expectNothingOfOurs(agent);
  });

  test('of the traffic during our canary stays, and our template does not', async () => {
    const agent = await givenCloudRun({ service: { template: { revision: 'agent-zero' } } });
    const before = objectAt(configOf(agent), 'template');
    const theirs = [byName('agent-zero', 100)];
    at(agent, 'workload:GET /health', 4, () => agent.world.google.foreignTraffic(SERVICE, theirs));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('superseded');
    await settle(agent);
    expect(wantedOf(agent)).toEqual(theirs);
    expect(objectAt(configOf(agent), 'template')).toEqual(before);
    expectNothingOfOurs(agent);
  });
});

describe('a preview without traffic by another user, during our canary', () => {
  test.each([
    ['while our revision starts', 'run:GetOperation', 1],
    ['before the first share', 'workload:GET /health', 1],
    ['while ours is analyzed', 'workload:GET /health', 5],
  ])('%s does not end it, and gets no traffic', async (_, operation, nth) => {
    const agent = await givenCloudRun();
    let theirs = '';
    at(agent, operation, nth, () => (theirs = preview(agent)));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.summary).toContain(RELEASE);
    expect(main.summary).toContain(`the latest revision is ${theirs}, a preview of another user`);
    await settle(agent);
    expect(trafficOf(agent)).toBe('v2 100');
    expect(wantedOf(agent)).toEqual([byName(main.outputs['revision']!, 100), byName(theirs, 0, 'pr-7')]);
    expect(configOf(agent)['annotations']).toBeUndefined();
  });

  test('that does not start does not end it either', async () => {
    const agent = await givenCloudRun();
    const crash = { crash: { afterMs: 100, exitCode: 1, logs: [] } };
    at(agent, 'workload:GET /health', 5, () => preview(agent, 'pr-7', crash));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('deployed');
    await settle(agent);
    expect(trafficOf(agent)).toBe('v2 100');
  });

  test('that was there before and is deployed again is no change of ours', async () => {
    const agent = await givenCloudRun();
    preview(agent);
    await settle(agent);
    let theirs = '';
    at(agent, 'workload:GET /health', 5, () => (theirs = preview(agent)));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('deployed');
    await settle(agent);
    expect(wantedOf(agent)).toEqual([byName(main.outputs['revision']!, 100), byName(theirs, 0, 'pr-7')]);
  });

  test('that fails after it: the canary is rolled back, and the preview stays', async () => {
    const agent = await givenCloudRun();
    let theirs = '';
    at(agent, 'workload:GET /health', 3, () => (theirs = preview(agent)));
    const image = agent.world.publish('v2', { unhealthyAfterMs: 60_000 });
    const { main } = await agent.deploy({ image, ...canary });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(main.log).toContain(RELEASE);
    await settle(agent);
    expect(trafficOf(agent)).toBe('v1 100');
    expect(wantedOf(agent).at(-1)).toEqual(byName(theirs, 0, 'pr-7'));
    expectNothingOfOurs(agent);
  });
});
