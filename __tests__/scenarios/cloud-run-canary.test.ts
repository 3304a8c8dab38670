import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { CLOUD_RUN_SERVICE } from '../../simulators/cloud-run-agent.ts';
import { type JsonObject, objectAt } from '../../simulators/json.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { byName, LATEST, trafficOf, updatesOf, wantedOf, watchTraffic } from './watch-cloud-run.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, contains: greeting, retry-for: 5s }';
const good: Partial<Behaviour> = { answers: { '/predict': { status: 200, body: 'greeting' } } };
const bad: Partial<Behaviour> = { answers: { '/predict': { status: 500, body: 'model not found' } } };
const canary = { strategy: 'canary', steps: '5% for 1m, 25% for 1m', 'smoke-tests': smokeTests };
/** Requests of the public that our revision answered, and when its smoke tests had passed. */
function servedOf(agent: Agent, revision: string) {
  const served = agent.world.google.served(CLOUD_RUN_SERVICE).filter((request) => request.revision === revision);
  const tested = served.find(({ by, path, status }) => by === 'tag' && path === '/predict' && status === 200);
  return { byWeight: served.filter(({ by }) => by === 'weight'), tested };
}

describe('a canary on Cloud Run', () => {
  test('gives the new revision exactly the planned shares, and nobody before its smoke tests passed', async () => {
    const agent = await givenCloudRun();
    const [visits, traffic] = [agent.watch(), watchTraffic(agent)];
    const image = agent.world.publish('v2', good);
    const { main, post } = await agent.deploy({ image, ...canary });

    expect(main.outputs).toMatchObject({
      outcome: 'deployed',
      revision: expect.stringMatching(/^agent-\d{5}-\w{3}$/),
      'previous-revision': expect.stringMatching(/^agent-00001-/),
      url: agent.url,
      'preview-url': expect.stringMatching(/^https:\/\/l-[0-9a-f]{7}---agent-/),
      'console-url': expect.stringContaining('console.cloud.google.com/run/detail/europe-west1/agent/'),
    });
    expect(traffic.tables).toEqual(['v1 100', 'v1 95, v2 5', 'v1 75, v2 25', 'v2 100']);
    const { byWeight, tested } = servedOf(agent, main.outputs['revision']!);
    expect(byWeight.length).toBeGreaterThan(10);
    expect(byWeight.filter(({ at }) => at <= tested!.at)).toEqual([]);
    expect(visits.failed).toBe(0);
    expect(wantedOf(agent)).toEqual(LATEST);
    expect(main.log).toContain(`traffic: ${main.outputs['previous-revision']} 95%, ${main.outputs['revision']} 5%`);
    expect(post).toMatchObject({ exitCode: 0, summary: '' });
    expect([...agent.world.edge.unknownHosts]).toEqual([]);
  });

  test('that begins to fail at 5% is rolled back whole: template, labels and traffic', async () => {
    const agent = await givenCloudRun();
    const before = agent.snapshot();
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', { ...good, unhealthyAfterMs: 40_000 });
    const { main } = await agent.deploy({ image, ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(traffic.tables).toEqual(['v1 100', 'v1 95, v2 5', 'v1 100']);
    expect(agent.snapshot()).toEqual(before);
    expect(wantedOf(agent)).toEqual(LATEST);
  });

  test('whose smoke test fails never gets a request of the public', async () => {
    const agent = await givenCloudRun();
    const before = agent.snapshot();
    const visits = agent.watch();
    const image = agent.world.publish('v2', bad);
    const { main } = await agent.deploy({ image, ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/smoke tests failed on agent-\d{5}-\w{3}: "POST \/predict"/);
    expect(
      agent.world.google.served(CLOUD_RUN_SERVICE).filter(({ by, status }) => by === 'weight' && status !== 200),
    ).toEqual([]);
    expect(visits.failed).toBe(0);
    expect(agent.snapshot()).toEqual(before);
  });

  test('loses nothing: fields that no client knows, foreign tags and labels, another container', async () => {
    const agent = await givenCloudRun({
      service: {
        extras: { futureServiceField: { deep: [1, 'two'] }, labels: { team: 'agents' }, description: 'ours' },
        template: {
          futureTemplateField: 'kept',
          labels: { tier: 'web' },
          scaling: { minInstanceCount: 1, futureScaling: true },
        },
      },
    });
    const { google } = agent.world;
    const first = [...google.look(CLOUD_RUN_SERVICE).revisions][0]!.id;
    const config = google.look(CLOUD_RUN_SERVICE).config;
    const [container] = (config['template'] as JsonObject)['containers'] as JsonObject[];
    google.foreignUpdate(CLOUD_RUN_SERVICE, {
      template: {
        ...(config['template'] as JsonObject),
        containers: [{ ...container, name: 'web', futureContainerField: { x: 1 } }],
      },
      traffic: [...LATEST, { ...byName(first, 0, 'stable'), futureTrafficField: 'kept' }],
    });
    await agent.world.clock.advance(30_000);
    const before = agent.snapshot();

    const failed = await agent.deploy({ image: agent.world.publish('v2', bad), ...canary });
    expect(failed.main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);

    const { main } = await agent.deploy({ image: agent.world.publish('v3', good), ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    const after = google.look(CLOUD_RUN_SERVICE).config;
    expect(after).toMatchObject({
      futureServiceField: { deep: [1, 'two'] },
      labels: { team: 'agents', 'managed-by': 'github-actions', 'commit-sha': expect.stringMatching(/^[0-9a-f]{40}$/) },
      template: {
        futureTemplateField: 'kept',
        scaling: { futureScaling: true },
        containers: [{ name: 'web', futureContainerField: { x: 1 } }],
      },
      traffic: [...LATEST, { tag: 'stable', futureTrafficField: 'kept' }],
    });
  });

  test('on a service whose traffic is pinned ends pinned to the new revision', async () => {
    const agent = await givenCloudRun({
      service: { template: { revision: 'agent-one' }, traffic: [byName('agent-one', 100)] },
    });
    const before = agent.snapshot();
    const failed = await agent.deploy({ image: agent.world.publish('v2', bad), ...canary });
    expect(failed.main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', good), ...canary });
    expect(wantedOf(agent)).toEqual([byName(main.outputs['revision']!, 100)]);
    expect(trafficOf(agent)).toBe('v3 100');
  });

  test('sends each change once, with nothing but the traffic and the marker after the first', async () => {
    const agent = await givenCloudRun();
    await agent.deploy({ image: agent.world.publish('v2', good), ...canary });
    expect(updatesOf(agent).map(({ mask }) => mask)).toEqual([
      'template,traffic,labels,annotations',
      'traffic,annotations',
      'traffic,annotations',
      'traffic,annotations',
      'traffic,annotations',
      'traffic,annotations',
    ]);
  });
});

describe('other strategies on Cloud Run', () => {
  test('blue-green moves everything at once, and keeps the previous one until it was analyzed', async () => {
    const agent = await givenCloudRun();
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, strategy: 'blue-green', 'smoke-tests': smokeTests });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(traffic.tables).toEqual(['v1 100', 'v2 100']);
  });

  test('rolling follows the latest revision, as the user has it', async () => {
    const agent = await givenCloudRun();
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(updatesOf(agent).map(({ mask }) => mask)).toEqual([
      'template,labels,annotations',
      'annotations',
      'annotations',
    ]);
    expect(trafficOf(agent)).toBe('v2 100');
  });

  test('rolling whose smoke test fails is rolled back: by name first, then as it was', async () => {
    const agent = await givenCloudRun();
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), 'smoke-tests': smokeTests });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
    expect(updatesOf(agent).map(({ mask }) => mask)).toEqual([
      'template,labels,annotations',
      'annotations',
      'template,labels,traffic,annotations',
      'traffic,annotations',
    ]);
  });

  test('traffic: 0 stops at a preview, and a later deploy of the same image picks it up', async () => {
    const agent = await givenCloudRun();
    const image = agent.world.publish('v2', good);
    const preview = await agent.deploy({ image, traffic: '0', 'smoke-tests': smokeTests });
    expect(preview.main.outputs).toMatchObject({ outcome: 'previewed' });
    expect(await agent.world.edge.get(`${preview.main.outputs['preview-url']}/`)).toMatchObject({ body: 'v2' });
    expect(trafficOf(agent)).toBe('v1 100');
    const revisions = agent.world.google.look(CLOUD_RUN_SERVICE).revisions.length;

    const { main } = await agent.deploy({ image, ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed', revision: preview.main.outputs['revision'] });
    expect(agent.world.google.look(CLOUD_RUN_SERVICE).revisions).toHaveLength(revisions);
    // Pinned by the preview, it follows the latest again, as it did before.
    expect(wantedOf(agent)).toEqual(LATEST);
  });

  test('a preview that a later deploy takes up and that fails there is a preview again', async () => {
    const agent = await givenCloudRun();
    const image = agent.world.publish('v2', { ...good, unhealthyAfterMs: 100_000 });
    await agent.deploy({ image, traffic: '0', 'smoke-tests': smokeTests });
    await agent.world.clock.advance(10_000);
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image, ...canary, steps: '5% for 5m' });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
  });

  test('what is live is unchanged; force makes another revision of it, each time', async () => {
    const agent = await givenCloudRun();
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests });
    const again = await agent.deploy({ image, 'smoke-tests': smokeTests });
    expect(again.main.outputs).toMatchObject({ outcome: 'unchanged', revision: main.outputs['revision'] });
    const names: unknown[] = [];
    for (const _ of [1, 2, 3]) {
      const forced = await agent.deploy({ image, force: 'true', 'smoke-tests': smokeTests });
      expect(forced.main.outputs).toMatchObject({ outcome: 'deployed' });
      names.push(objectAt(agent.world.google.look(CLOUD_RUN_SERVICE).config, 'template')['revision']);
    }
    // Nothing else may differ: a name does, and so does its absence.
    expect(names).toEqual([expect.stringMatching(/^agent-[0-9a-f]{8}$/), undefined, `${names[0]}-2`]);
  });
});

test('an image that ran before is deployed as a new revision, and the template has no name', async () => {
  const agent = await givenCloudRun();
  const images = ['v2', 'v3'].map((tag) => agent.world.publish(tag, good));
  const first = await agent.deploy({ image: images[0]! });
  await agent.deploy({ image: images[1]! });
  const { main } = await agent.deploy({ image: images[0]! });
  expect(main.outputs).toMatchObject({ outcome: 'deployed' });
  expect(main.outputs['revision']).not.toBe(first.main.outputs['revision']);
  expect(objectAt(agent.world.google.look(CLOUD_RUN_SERVICE).config, 'template')).not.toHaveProperty('revision');
  expect(trafficOf(agent)).toBe('v2 100');
});
