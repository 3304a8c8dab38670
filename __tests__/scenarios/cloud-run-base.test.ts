import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { CLOUD_RUN_SERVICE as SERVICE, seedImage } from '../../simulators/cloud-run-agent.ts';
import { type JsonObject, objectAt } from '../../simulators/json.ts';
import { shortDigest, shortenNames } from '../../src/model/short-names.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { byName, LATEST, trafficOf, updatesOf, wantedOf } from './watch-cloud-run.ts';

afterEach(closeAgents);

const asLogged = (image: string): string => shortenNames(image, [shortDigest]);

const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const crash: Partial<Behaviour> = { crash: { afterMs: 500, exitCode: 3, logs: [] } };
const smokeTests = '- GET /health: { retry-for: 5s }';
const canary = { strategy: 'canary', steps: '5% for 10s', 'smoke-tests': smokeTests };
const STAGING = 'postgres://staging';
const toStaging = { 'environment-variables': `DATABASE_URL: ${STAGING}` };

const env = (url: string): JsonObject[] => [{ name: 'DATABASE_URL', value: url }];
const templateOf = (agent: Agent): JsonObject => objectAt(agent.world.google.look(SERVICE).config, 'template');
const containerOf = (agent: Agent): JsonObject => (templateOf(agent)['containers'] as JsonObject[])[0]!;
const revisionsOf = (agent: Agent): string[] => agent.world.google.look(SERVICE).revisions.map(({ id }) => id);

/** v1 serves with the database of production; traffic follows the latest revision. */
async function givenProduction(): Promise<Agent> {
  const agent = await givenCloudRun();
  const template = { serviceAccount: 'runtime@acme.iam.gserviceaccount.com', scaling: { minInstanceCount: 1 } };
  const containers = [{ image: seedImage(agent.world, 'v1'), env: env('postgres://production') }];
  agent.world.google.foreignUpdate(SERVICE, { template: { ...template, containers } });
  await agent.world.clock.advance(60_000);
  return agent;
}

interface ForeignRevision {
  readonly version?: string;
  readonly behaviour?: Partial<Behaviour>;
  readonly template?: JsonObject;
  readonly url?: string;
  readonly percent?: number;
}

/** As `gcloud run deploy --no-traffic --tag pr-7` and `update-traffic` leave it; returns what served, and the new one. */
async function deployAsColleague(agent: Agent, given: ForeignRevision = {}): Promise<readonly [string, string]> {
  const { version = 'pr7', behaviour, template = {}, url = STAGING, percent = 0 } = given;
  const serving = revisionsOf(agent).at(-1)!;
  const { revision: _, ...current } = templateOf(agent);
  const image = seedImage(agent.world, version, behaviour);
  agent.world.google.foreignUpdate(SERVICE, {
    template: { ...current, ...template, containers: [{ ...containerOf(agent), image, env: env(url) }] },
    traffic: [byName(serving, 100)],
  });
  await agent.world.clock.advance(60_000);
  const newest = revisionsOf(agent).at(-1)!;
  if (behaviour !== crash) {
    agent.world.google.foreignTraffic(SERVICE, [byName(serving, 100 - percent), byName(newest, percent, 'pr-7')]);
    await agent.world.clock.advance(60_000);
  }
  return [serving, newest];
}

const ofColleague = {
  template: { serviceAccount: 'staging@acme.iam.gserviceaccount.com', scaling: { minInstanceCount: 0 }, timeout: '9s' },
};

describe('after a preview of ours with other variables', () => {
  test('a deploy without variables has those of what serves, and its differences are against that', async () => {
    const agent = await givenProduction();
    const preview = await agent.deploy({ image: agent.world.publish('v2', {}), traffic: '0', ...toStaging });
    expect(preview.main.outputs).toMatchObject({ outcome: 'previewed' });
    expect(containerOf(agent)['env']).toEqual(env(STAGING));

    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(containerOf(agent)['env']).toEqual(env('postgres://production'));
    const v1 = seedImage(agent.world, 'v1');
    expect(main.log).toContain(`container main: image ${asLogged(v1)} ->`);
    expect(main.log).not.toContain('DATABASE_URL');
    expect(main.log).toContain(
      `${preview.main.outputs['revision']}, the newest revision, is a preview or an earlier attempt: the configuration of ${preview.main.outputs['previous-revision']}, which serves, is the base`,
    );
    // The preview had pinned the traffic.
    expect(wantedOf(agent)).toEqual(LATEST);
    expect(trafficOf(agent)).toBe('v3 100');
  });

  test('and a deploy by another user, the traffic follows the latest again too, and the preview is retired', async () => {
    const agent = await givenProduction();
    await agent.deploy({ image: agent.world.publish('v2', {}), traffic: '0', ...toStaging });
    agent.world.google.foreignDeploy(SERVICE, seedImage(agent.world, 'v9'));
    await agent.world.clock.advance(60_000);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), base: 'serving', ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect([trafficOf(agent), wantedOf(agent)]).toEqual(['v3 100', LATEST]);
  });

  test('a deploy of the same image, without them, does not use the revision of the preview', async () => {
    const agent = await givenProduction();
    const image = agent.world.publish('v2', {});
    const preview = await agent.deploy({ image, traffic: '0', ...toStaging });
    const { main } = await agent.deploy({ image });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.outputs['revision']).not.toBe(preview.main.outputs['revision']);
    expect(containerOf(agent)['env']).toEqual(env('postgres://production'));
  });

  test('a deploy of the same image with the same variables uses its revision, and tells what changes', async () => {
    const agent = await givenProduction();
    const image = agent.world.publish('v2', {});
    const preview = await agent.deploy({ image, traffic: '0', ...toStaging });
    const { main } = await agent.deploy({ image, ...toStaging, ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed', revision: preview.main.outputs['revision'] });
    expect(main.log).toContain('container main: environment variable DATABASE_URL changed');
    expect(revisionsOf(agent)).toHaveLength(3);
    expect(wantedOf(agent)).toEqual(LATEST);
  });

  test('another preview does not have them', async () => {
    const agent = await givenProduction();
    await agent.deploy({ image: agent.world.publish('v2', {}), traffic: '0', ...toStaging });
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), traffic: '0' });
    expect(main.outputs).toMatchObject({ outcome: 'previewed' });
    expect(containerOf(agent)['env']).toEqual(env('postgres://production'));
  });

  test.each([
    ['fails', false],
    ['is cancelled', true],
  ])('a deploy that %s leaves the service as it was', async (_, cancel) => {
    const agent = await givenProduction();
    await agent.deploy({ image: agent.world.publish('v2', {}), traffic: '0', ...toStaging });
    await agent.world.clock.advance(10_000);
    const before = agent.snapshot();
    const image = agent.world.publish('v3', cancel ? {} : bad);
    const { main } = await agent.deploy({ image, ...canary }, cancel ? { onStart: agent.cancelMain(20_000) } : {});
    if (!cancel) expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
  });

  test('what serves can be deployed again, as a revision of its own', async () => {
    const agent = await givenProduction();
    const image = agent.world.publish('v2', {});
    const first = await agent.deploy({ image });
    await agent.deploy({ image: agent.world.publish('v3', {}), traffic: '0' });
    const { main } = await agent.deploy({ image, ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed', revision: expect.stringMatching(/^agent-\d{5}-\w{3}$/) });
    expect(main.outputs['revision']).not.toBe(first.main.outputs['revision']);
    expect(trafficOf(agent)).toBe('v2 100');
    expect(wantedOf(agent)).toEqual(LATEST);
  });
});

describe('after a revision of another user, without traffic and with another configuration', () => {
  const names =
    /container main: environment variable DATABASE_URL changed, scaling changed, serviceAccount changed, timeout changed/;

  test.each(['deploy', 'plan'])('mode %s is refused before anything is touched, by names', async (mode) => {
    const agent = await givenProduction();
    const [serving, newest] = await deployAsColleague(agent, ofColleague);
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), mode });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toContain(`${newest} is newer than ${serving}, which serves, and is configured differently`);
    expect(main.log).toMatch(names);
    expect(main.log).toContain('`base: serving`');
    expect(main.log).toContain('`base: latest`');
    expect(main.log + main.summary).not.toMatch(/postgres:|staging@acme/);
    expect(agent.snapshot()).toEqual(before);
    expect(updatesOf(agent)).toEqual([]);
  });

  test('`base: serving` deploys with the configuration that serves, whole', async () => {
    const agent = await givenProduction();
    const live = templateOf(agent);
    await deployAsColleague(agent, ofColleague);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), base: 'serving', ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    const {
      containers: [container] = [],
      revision: _,
      ...rest
    } = templateOf(agent) as { containers?: JsonObject[] } & JsonObject;
    const { containers: [old] = [], ...restOfLive } = live as { containers?: JsonObject[] } & JsonObject;
    expect(rest).toEqual(restOfLive);
    expect({ ...container, image: '' }).toEqual({ ...old, image: '' });
    expect(main.log).not.toContain('DATABASE_URL');
    expect(trafficOf(agent)).toBe('v2 100');
    // The tag of another user stays.
    expect(wantedOf(agent).map(({ tag }) => tag)).toEqual([undefined, 'pr-7']);
  });

  test('`base: serving` that fails leaves the service as it was', async () => {
    const agent = await givenProduction();
    await deployAsColleague(agent, ofColleague);
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), base: 'serving', ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
  });

  test('`base: latest` takes it, and tells what that changes', async () => {
    const agent = await givenProduction();
    await deployAsColleague(agent, ofColleague);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), base: 'latest', ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(containerOf(agent)['env']).toEqual(env(STAGING));
    expect(main.log).toContain('container main: environment variable DATABASE_URL changed');
    expect(main.log).toContain('serviceAccount changed');
    expect(main.log).not.toContain('staging@acme');
  });

  test('an image alone does not refuse', async () => {
    const agent = await givenProduction();
    await deployAsColleague(agent, { url: 'postgres://production' });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain(`container main: image ${asLogged(seedImage(agent.world, 'v1'))} ->`);
  });

  test('one that never became ready is refused too', async () => {
    const agent = await givenProduction();
    await deployAsColleague(agent, { behaviour: crash });
    const refused = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(refused.main.outputs).toMatchObject({ outcome: 'refused' });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), base: 'serving' });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(containerOf(agent)['env']).toEqual(env('postgres://production'));
  });
});

describe('where the user has split the traffic', () => {
  test.each([
    ['the newest has the smaller share', 10, {}, 'refused'],
    ['the newest has the larger share', 90, {}, 'deployed'],
    ['the shares are equal', 50, {}, 'refused'],
    ['the shares are equal, whatever serves', 50, { base: 'serving' }, 'refused'],
    ['the shares are equal, and the newest is chosen', 50, { base: 'latest' }, 'deployed'],
    ['the shares are equal, and so is the configuration', 50, { url: 'postgres://production' }, 'deployed'],
  ])(
    'the largest share is what serves: %s',
    async (_, percent, { url = STAGING, ...inputs }: { url?: string; base?: string }, outcome) => {
      const agent = await givenProduction();
      await deployAsColleague(agent, { percent, url });
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
      expect(main.outputs).toMatchObject({ outcome });
      if (outcome === 'deployed') expect(containerOf(agent)['env']).toEqual(env(url));
      else expect(main.log).toContain('`base: latest`');
    },
  );
});

describe('previews that no deploy took up', () => {
  async function givenPreviews(): Promise<Agent> {
    const agent = await givenProduction();
    for (const version of ['p1', 'p2', 'p3'])
      await agent.deploy({ image: agent.world.publish(version, {}), traffic: '0', ...toStaging });
    await agent.world.clock.advance(10_000);
    return agent;
  }

  test.each([
    ['rolling', {}, ['template,traffic,labels,annotations', 'annotations', 'annotations']],
    ['canary', canary, ['template,labels,annotations', ...Array(4).fill('traffic,annotations')]],
  ])(
    'lose their tags by the next deploy, in its own updates, and those of other users stay: %s',
    async (_, inputs, masks) => {
      const agent = await givenPreviews();
      const serving = revisionsOf(agent)[1]!;
      agent.world.google.foreignTraffic(SERVICE, [...wantedOf(agent), byName(serving, 0, 'stable')]);
      await agent.world.clock.advance(60_000);
      const sent = updatesOf(agent).length;
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
      expect(main.outputs).toMatchObject({ outcome: 'deployed' });
      expect(wantedOf(agent)).toEqual([...LATEST, byName(serving, 0, 'stable')]);
      expect(
        updatesOf(agent)
          .slice(sent)
          .map(({ mask }) => mask),
      ).toEqual(masks);
    },
  );

  test.each([
    ['rolling', { 'smoke-tests': smokeTests }],
    ['canary', canary],
  ])('are as before when that deploy is rolled back: %s', async (_, inputs) => {
    const agent = await givenPreviews();
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...inputs });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
  });

  test('stay beside the next preview: several pull requests may have one', async () => {
    const agent = await givenPreviews();
    await agent.deploy({ image: agent.world.publish('p4', {}), traffic: '0' });
    expect(wantedOf(agent).filter(({ tag }) => tag)).toHaveLength(4);
  });
});
