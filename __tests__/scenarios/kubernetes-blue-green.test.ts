import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import type { JsonObject } from '../../simulators/json.ts';
import { foreignDeploy, scale, stateOf, untilDone } from '../../simulators/kubernetes-scene.ts';
import { NAMESPACE, paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { inTheMiddle, isCopyThere, servedBeforeTests, tableOf, watchTraffic } from './watch-kubernetes-split.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, contains: greeting, retry-for: 5s }';
const good: Partial<Behaviour> = { version: 'v2', answers: { '/predict': { status: 200, body: 'greeting' } } };
const bad: Partial<Behaviour> = { version: 'v2', answers: { '/predict': { status: 500, body: 'model not found' } } };
const blueGreen = { strategy: 'blue-green', steps: '100% for 1m', 'smoke-tests': smokeTests };

describe('blue-green of a plain Deployment', () => {
  test('never switches at one moment: both sets serve, then the new one, and at the end the user’s own form', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 3 } });
    const service = await agent.stage.expect(`${paths.services}/web`);
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, ...blueGreen, overlap: '10s' });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    await agent.stage.pass(10_000);
    expect(traffic.tables).toEqual(['old 3', 'new 3, old 3', 'new 3', 'new 6', 'new 3']);
    expect(traffic.failed).toEqual([]);
    expect(servedBeforeTests(agent, traffic)).toEqual([]);
    expect(await isCopyThere(agent)).toBe(false);
    const after = await agent.stage.expect(`${paths.services}/web`);
    expect(after['spec']).toEqual(service['spec']);
    expect(managersOf(after)).toEqual(managersOf(service));
  });

  test.each([
    ['fails its smoke test', bad, ['old 3']],
    [
      'turns bad while it serves alone',
      { ...good, unhealthyAfterMs: 60_000 },
      ['old 3', 'new 3, old 3', 'new 3', 'old 3'],
    ],
  ])('a new set that %s: the previous one serves, exactly as before', async (_, behaviour, tables) => {
    const agent = await givenKubernetes({ stage: { replicas: 3, by: { manager: 'helm', apply: true } } });
    const before = await stateOf(agent.stage);
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', behaviour);
    const { main } = await agent.deploy({ image, ...blueGreen, overlap: '8s' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    await agent.stage.pass(10_000);
    expect(traffic.tables).toEqual(tables);
    expect(await stateOf(agent.stage)).toEqual(before);
    // Of a set that serves alone and is down at once, no request can be answered until that is seen.
    const times = traffic.failed.map((line) => Number(line.split(':')[0]));
    expect(Math.max(0, ...times) - Math.min(...times, Math.max(0, ...times))).toBeLessThan(20_000);
  });

  test('a smoke test that fails on the live address after the switch: no request fails', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 3 } });
    const before = await stateOf(agent.stage);
    const traffic = watchTraffic(agent);
    // Through the API server each pod passes; the public address leads elsewhere.
    const image = agent.world.publish('v2', good);
    const tests = `${smokeTests}\n- GET https://nowhere.example/health`;
    const { main } = await agent.deploy({ image, ...blueGreen, 'smoke-tests': tests });
    expect(main.exitCode).toBe(1);
    expect(await stateOf(agent.stage)).toEqual(before);
    expect(traffic.failed).toEqual([]);
  });

  test('a load balancer that lags behind gets its time', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 3, service: { type: 'LoadBalancer' } } });
    agent.stage.expose('lag.example', { namespace: NAMESPACE, service: 'web', port: '80', lagMs: 20_000 });
    const traffic = watchTraffic(agent, 'lag.example');
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, ...blueGreen });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain('both sets serve, until load balancers have followed: 30s left');
    await agent.stage.pass(40_000);
    expect(traffic.failed).toEqual([]);
    expect(traffic.answers.at(-1)).toMatchObject({ version: 'v2' });
  });

  test('an autoscaler shrinks what gets no traffic: it is as strong as before when it serves again', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const traffic = watchTraffic(agent);
    inTheMiddle(agent, 40_000, () => scale(agent.stage, 1));
    const folder = mkdtempSync(path.join(tmpdir(), 'blue-green-'));
    const isBad = path.join(folder, 'bad');
    inTheMiddle(agent, 75_000, async () => writeFileSync(isBad, ''));
    const image = agent.world.publish('v2', good);
    const tests = `- GET /health\n- run: test ! -e ${isBad}`;
    const { main } = await agent.deploy({
      image,
      ...blueGreen,
      steps: '100% for 3m',
      overlap: '10s',
      'smoke-tests': tests,
    });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    await agent.stage.pass(10_000);
    expect(traffic.tables).toEqual(['old 4', 'new 4, old 4', 'new 4', 'new 4, old 4', 'old 4']);
    expect(traffic.failed).toEqual([]);
    expect(await isCopyThere(agent)).toBe(false);
  });

  test('the same at the end of a good one', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 4 } });
    const traffic = watchTraffic(agent);
    inTheMiddle(agent, 40_000, () => scale(agent.stage, 1));
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, ...blueGreen, overlap: '10s' });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain('web is scaled, to be as strong as web-canary before it gets its traffic back');
    await agent.stage.pass(10_000);
    expect(traffic.tables.slice(-2)).toEqual(['new 8', 'new 4']);
    expect(traffic.failed).toEqual([]);
  });

  test('is superseded by a deployment of another user, which gets the traffic', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 3 } });
    const traffic = watchTraffic(agent);
    const [image, theirs] = [agent.world.publish('v2', good), agent.world.publish('v3', { ...good, version: 'v3' })];
    inTheMiddle(agent, 40_000, () => foreignDeploy(agent.stage, theirs));
    const { main } = await agent.deploy({ image, ...blueGreen });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'superseded' } });
    await untilDone(agent.stage);
    expect([await isCopyThere(agent), (await agent.stage.ask()).body]).toEqual([false, 'v3']);
    expect(JSON.stringify(await agent.stage.expect(`${paths.services}/web`))).not.toContain('canary-of');
    expect(traffic.failed).toEqual([]);
  });

  test('all Services that select the pods follow', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 2 } });
    const body = {
      metadata: { name: 'web-internal' },
      spec: { selector: { app: 'web' }, ports: [{ port: 8080 }] },
    };
    await agent.stage.expect(paths.services, { method: 'POST', body });
    await agent.stage.pass(5_000);
    const seen = new Set<string>();
    const stop = agent.stage.every(500, async () => {
      seen.add(`${await tableOf(agent)} | ${await tableOf(agent, 'web-internal')}`);
    });
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, ...blueGreen });
    stop();
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect([...seen]).toEqual(expect.arrayContaining(['old 2 | old 2', 'new 2 | new 2']));
  });
});

function managersOf(object: JsonObject): readonly unknown[] {
  const { managedFields } = object['metadata'] as { managedFields: readonly JsonObject[] };
  return managedFields.map(({ manager, operation, fieldsV1 }) => ({ manager, operation, fieldsV1 }));
}
