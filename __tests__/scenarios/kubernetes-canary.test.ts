import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { foreignDeploy, scale, stateOf, untilDone } from '../../simulators/kubernetes-scene.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { inTheMiddle, isCopyThere, servedBeforeTests, tableOf, watchTraffic } from './watch-kubernetes-split.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, contains: greeting, retry-for: 5s }';
const good: Partial<Behaviour> = { version: 'v2', answers: { '/predict': { status: 200, body: 'greeting' } } };
const bad: Partial<Behaviour> = { version: 'v2', answers: { '/predict': { status: 500, body: 'model not found' } } };
const canary = { strategy: 'canary', steps: '5% for 1m, 50% for 1m', 'smoke-tests': smokeTests };

describe('a canary of a plain Deployment', () => {
  test('adds pods beside those that stay, says the share in force, and ends as the user had it', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', good);
    const { main, post } = await agent.deploy({ image, ...canary });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(main.outputs['revision']).toMatch(/^web-[0-9a-z]{8,10}$/);
    expect(main.log).toContain('1 of 5 replicas, as 5% needs 19 stable ones');
    expect(main.log).toContain('web-canary: 4 pods, 50% of the traffic (4 of 8 replicas)');
    await agent.stage.pass(10_000);
    expect(traffic.tables).toEqual(['old 4', 'new 1, old 4', 'new 4, old 4', 'new 8', 'new 4']);
    expect(traffic.failed).toEqual([]);
    expect(servedBeforeTests(agent, traffic)).toEqual([]);
    expect(await isCopyThere(agent)).toBe(false);
    const web = await agent.stage.expect(paths.deployment());
    expect(web).toMatchObject({ spec: { replicas: 4, selector: { matchLabels: { app: 'web' } } } });
    expect(JSON.stringify(web['spec'])).not.toContain('deploy-agent');
    expect(JSON.stringify(await agent.stage.expect(`${paths.services}/web`))).not.toContain('deploy-agent');
    expect(post).toMatchObject({ exitCode: 0, summary: '' });
  });

  test('whose smoke test fails never gets a request of the public, and leaves nothing', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const before = await stateOf(agent.stage);
    const traffic = watchTraffic(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/smoke tests failed on web-canary: "POST \/predict"/);
    expect(traffic.failed).toEqual([]);
    expect(traffic.answers.filter(({ version }) => version === 'v2')).toEqual([]);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('that begins to fail at 20% is out at once, and the Deployment was never touched', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const before = await stateOf(agent.stage);
    const { generation } = (await agent.stage.expect(paths.deployment()))['metadata'] as JsonObject;
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', { ...good, unhealthyAfterMs: 40_000 });
    const { main } = await agent.deploy({ image, ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    await agent.stage.pass(10_000);
    expect(traffic.tables).toEqual(['old 4', 'new 1, old 4', 'old 4']);
    expect(await stateOf(agent.stage)).toEqual(before);
    expect((await agent.stage.expect(paths.deployment()))['metadata']).toMatchObject({ generation });
  });

  test('that fails only when all pods are new: the Deployment is rolled back, with its field managers', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4, by: { manager: 'helm', apply: true } } });
    const before = await stateOf(agent.stage);
    // The one of 20% began 125 seconds before the others are asked.
    const image = agent.world.publish('v2', { ...good, unhealthyAfterMs: 150_000 });
    const { main } = await agent.deploy({ image, ...canary, steps: '20% for 2m, 100% for 5m' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(await stateOf(agent.stage)).toEqual(before);
    expect(await tableOf(agent)).toBe('old 4');
  });

  test('an image that cannot be pulled is told in seconds', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 2 } });
    const before = await stateOf(agent.stage);
    const image = agent.world.publish('v2', good);
    agent.stage.kubelet.troubles.push({ image: 'agent', kind: 'denied', times: 99 });
    const started = agent.stage.now();
    const { main } = await agent.deploy({ image, ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toContain('ErrImagePull');
    expect(agent.stage.now() - started).toBeLessThan(60_000);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('follows an autoscaler, and says the share again', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', good);
    inTheMiddle(agent, 40_000, () => scale(agent.stage, 12));
    const { main } = await agent.deploy({ image, ...canary, steps: '20% for 2m' });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain('web-canary: 1 pod, 20% of the traffic (1 of 5 replicas)');
    expect(main.log).toContain('web-canary: 3 pods, 20% of the traffic (3 of 15 replicas)');
    await agent.stage.pass(10_000);
    expect(traffic.tables).toEqual(['old 4', 'new 1, old 4', 'new 1, old 12', 'new 3, old 12', 'new 15', 'new 12']);
    expect(traffic.failed).toEqual([]);
  });

  test('that was taken out stays out when the Deployment is scaled on the way', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const image = agent.world.publish('v2', { ...good, unhealthyAfterMs: 30_000 });
    inTheMiddle(agent, 45_000, () => scale(agent.stage, 8));
    const { main } = await agent.deploy({ image, ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    await agent.stage.pass(60_000);
    expect([await isCopyThere(agent), await tableOf(agent)]).toEqual([false, 'old 8']);
  });

  test('is superseded by a deployment of another user: only what is ours goes', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const traffic = watchTraffic(agent);
    const [image, theirs] = [agent.world.publish('v2', good), agent.world.publish('v3', { ...good, version: 'v3' })];
    inTheMiddle(agent, 40_000, () => foreignDeploy(agent.stage, theirs));
    const { main } = await agent.deploy({ image, ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'superseded' } });
    await untilDone(agent.stage);
    expect(await isCopyThere(agent)).toBe(false);
    expect(JSON.stringify(await agent.stage.expect(paths.deployment()))).toContain(theirs);
    expect(traffic.failed).toEqual([]);
  });

  test('a pod that is replaced is let in again', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const traffic = watchTraffic(agent);
    const served = new Set<string>();
    inTheMiddle(agent, 45_000, async () => {
      const [name] = await copiesThatServe(agent);
      await agent.stage.expect(`${paths.pods}/${name}`, { method: 'DELETE' });
    });
    agent.stage.every(1_000, async () => {
      for (const name of await copiesThatServe(agent)) served.add(name);
    });
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, ...canary, steps: '20% for 2m' });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    await agent.stage.pass(10_000);
    expect(served.size).toBe(2);
    // How long the old ones serve alone meanwhile depends on when it is noticed.
    const tables = traffic.tables.filter((table, n) => n === 0 || table !== 'old 4');
    expect(new Set(tables)).toEqual(new Set(['old 4', 'new 1, old 4', 'new 5', 'new 4']));
    expect(traffic.failed).toEqual([]);
  });
});

/** The names of the canary's pods that are let in. */
async function copiesThatServe({ stage }: KubernetesAgent): Promise<readonly string[]> {
  const selector = encodeURIComponent('deploy-agent.dev/canary-of=web');
  const pods = objectsAt(await stage.expect(`${paths.pods}?labelSelector=${selector}`), 'items');
  const letIn = pods.filter((pod) =>
    objectsAt(pod, 'status', 'conditions').some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  return letIn.map((pod) => textAt(pod, 'metadata', 'name'));
}

describe('a preview of a plain Deployment (`traffic: 0`)', () => {
  test('stays without traffic, reachable through the API server, until a deploy takes its place', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 2 } });
    const before = (await agent.stage.expect(paths.deployment()))['spec'];
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, traffic: '0', 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'previewed' } });
    expect(main.outputs['preview-url']).toMatch(/\/namespaces\/shop\/pods\/web-canary-[^/]+:8080\/proxy$/);
    expect((await agent.stage.expect(paths.deployment()))['spec']).toEqual(before);
    await agent.stage.pass(60_000);
    expect([await isCopyThere(agent), await tableOf(agent)]).toEqual([true, 'old 2']);
    expect(traffic.answers.filter(({ version }) => version === 'v2')).toEqual([]);

    const next = await agent.deploy({ image, 'smoke-tests': smokeTests });
    await agent.stage.pass(10_000);
    expect(next.main.outputs).toMatchObject({ outcome: 'deployed' });
    expect([await isCopyThere(agent), await tableOf(agent)]).toEqual([false, 'new 2']);
    expect(traffic.failed).toEqual([]);
  });

  test('gives way to a canary', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 2 } });
    const traffic = watchTraffic(agent);
    await agent.deploy({ image: agent.world.publish('v2', good), traffic: '0', 'smoke-tests': smokeTests });
    const image = agent.world.publish('v3', { ...good, version: 'v3' });
    const { main } = await agent.deploy({ image, ...canary });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain('web-canary, which an earlier run left, is replaced');
    expect(traffic.answers.filter(({ version }) => version === 'v2')).toEqual([]);
    expect(traffic.failed).toEqual([]);
  });
});

describe('what a canary of a Deployment refuses', () => {
  test.each([
    ['no Service selects its pods', { service: { selector: { app: 'other' } } }, /no Service selects|cannot be split/],
    [
      'a Service that sends to pods that are not ready',
      { service: { publishNotReadyAddresses: true } },
      /publishNotReadyAddresses/,
    ],
  ])('%s', async (_, stage, expected) => {
    const agent = await givenKubernetes({ stage });
    const before = await stateOf(agent.stage);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', good), ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(expected);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('a Deployment of another user that has the name of the copy', async () => {
    const agent = await givenKubernetes();
    const web = (await agent.stage.expect(paths.deployment())) as { spec: JsonObject };
    const labels = { app: 'theirs' };
    const body = {
      metadata: { name: 'web-canary' },
      spec: {
        ...web.spec,
        selector: { matchLabels: labels },
        template: { ...(web.spec['template'] as JsonObject), metadata: { labels } },
      },
    };
    await agent.stage.expect(paths.deployments, { method: 'POST', body });
    await agent.stage.pass(10_000);
    const before = await stateOf(agent.stage);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', good), ...canary });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/Rename or delete deployment web-canary/);
    expect(await stateOf(agent.stage)).toEqual(before);

    // Nor does a rolling one, whether it ends well or not, take it for something of ours.
    const theirs = async () => (await agent.stage.expect(paths.deployment('web-canary')))['metadata'];
    const { uid } = (await theirs()) as JsonObject;
    const failed = await agent.deploy({ image: agent.world.publish('v2', bad), 'smoke-tests': smokeTests });
    expect(failed.main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(await stateOf(agent.stage)).toEqual(before);
    const deployed = await agent.deploy({ image: agent.world.publish('v2', good), 'smoke-tests': smokeTests });
    expect(deployed.main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(await theirs()).toMatchObject({ uid });
    expect(JSON.stringify(await theirs())).not.toContain('deletionTimestamp');
  });
});
