import { afterEach, describe, expect, test } from '@jest/globals';
import { deactivate } from '../../simulators/azure/apps/revision-life.ts';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import { closeAgents } from './agent.ts';
import { givenApp, givenPinnedApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const canary = { strategy: 'canary', steps: '20% for 30s', 'smoke-tests': '- GET /health: { retry-for: 5s }' };
const tooMany: FaultAct = { kind: 'status', status: 429, headers: { 'retry-after': '7' }, body: '{}' };
const broken: FaultAct = { kind: 'status', status: 503, body: '' };

describe('a call to Azure that goes wrong once does not stop a deploy', () => {
  // A canary sends five: the pin, the template, two weights and the end; each is hit.
  test.each<[string, RegExp, number | undefined, 'before' | 'after', FaultAct]>([
    ['the pin is accepted, its answer is lost', /ContainerApps_Update$/, 1, 'after', { kind: 'drop' }],
    ['the template is accepted, its answer is lost', /ContainerApps_Update$/, 2, 'after', { kind: 'drop' }],
    ['the template never arrives', /ContainerApps_Update$/, 2, 'before', { kind: 'drop' }],
    ['a weight is accepted, its answer is lost', /ContainerApps_Update$/, 3, 'after', { kind: 'drop' }],
    ['the template is answered 429', /ContainerApps_Update$/, 2, 'before', tooMany],
    ['a weight is answered 503', /ContainerApps_Update$/, 3, 'before', broken],
    ['a read breaks off', /ContainerApps_Get$/, 5, 'after', { kind: 'truncate' }],
    ['a revision is answered 429', /ContainerAppsRevisions_GetRevision$/, 6, 'before', tooMany],
    ['the deactivation of the previous revision is answered 503', /DeactivateRevision$/, 1, 'before', broken],
  ])('%s', async (_title, operation, nth, when, act) => {
    const agent = await givenApp();
    const visits = agent.watch();
    agent.world.edge.faults.add({ operation, when, act, ...(nth === undefined ? {} : { nth }) });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(await agent.ask()).toMatchObject({ status: 200, body: 'v2' });
    expect(visits.failed).toBe(0);
  });
});

test('the template of a preview arrives a minute after its time-out: the marker is removed after that', async () => {
  const agent = await givenApp();
  const late: FaultAct = { kind: 'delay', ms: 60_000 };
  agent.world.edge.faults.add({ operation: /ContainerApps_Update$/, nth: 2, when: 'before', act: late });
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), traffic: '0' });
  expect(main.outputs['outcome']).toBe('previewed');
  await agent.world.clock.advance(120_000);
  expect(agent.world.azure.findApp('agent').document['tags'] ?? {}).toEqual({});
});

test.each([3, 4])(
  'request %i, which ends a rollout, arrives a minute after its time-out, never in the next run',
  async (nth) => {
    // The first four: the marker, the template, all traffic, the end.
    const agent = await givenPinnedApp();
    const late: FaultAct = { kind: 'delay', ms: 60_000 };
    agent.world.edge.faults.add({ operation: /ContainerApps_Update$/, nth, when: 'before', act: late });
    const inputs = { strategy: 'blue-green', steps: '100% for 0s' };
    const first = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(first.main.outputs['outcome']).toBe('deployed');
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...inputs, steps: '100% for 1m' });
    expect([main.outputs['outcome'], await agent.ask()]).toMatchObject(['deployed', { body: 'v3' }]);
  },
);

test('a rollback without the permission to read revisions says so, and the next run has everything right', async () => {
  const agent = await givenApp();
  const smokeTests = '- GET /health: { retry-for: 5s }';
  const failing = { answers: { '/health': { status: 500, body: 'no' } } };
  const denied: FaultAct = { kind: 'status', status: 403, body: '{"error":{"code":"AuthorizationFailed"}}' };
  let allow = (): void => {};
  const stop = agent.world.edge.onCall((call, moment) => {
    if (call.operation !== 'workload:GET /health' || moment !== 'before') return;
    stop();
    allow = agent.world.edge.faults.add({ operation: /Revisions_GetRevision$/, when: 'before', act: denied });
  });
  const first = await agent.deploy({ image: agent.world.publish('v2', failing), 'smoke-tests': smokeTests });
  expect(first.main.outputs['outcome']).toMatch(/^rollback-/);
  allow();
  // A person believes what was said of the revision that serves now.
  const [one] = agent.world.azure.findApp('agent').revisions;
  deactivate(one!);
  const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), 'smoke-tests': smokeTests });
  expect([main.outputs['outcome'], await agent.ask()]).toMatchObject(['deployed', { body: 'v3' }]);
});

test('a request of a rollback that comes a minute late keeps the marker until it can not come any more', async () => {
  const agent = await givenApp();
  const failing = { answers: { '/health': { status: 500, body: 'no' } } };
  // The third is the first of the rollback, after the marker and the template.
  const late: FaultAct = { kind: 'delay', ms: 60_000 };
  agent.world.edge.faults.add({ operation: /ContainerApps_Update$/, nth: 3, when: 'before', act: late });
  const smokeTests = '- GET /health: { retry-for: 5s }';
  const { main } = await agent.deploy({ image: agent.world.publish('v2', failing), 'smoke-tests': smokeTests });
  expect(main.outputs['outcome']).toBe('rolled-back');
  const updates = agent.world.edge.calls.filter(({ operation }) => operation === 'arm:ContainerApps_Update');
  expect(updates.at(-1)!.at - updates[2]!.at).toBeGreaterThanOrEqual(120_000);
  expect(agent.world.azure.findApp('agent').document['tags'] ?? {}).toEqual({});
});

test('what others do after the last request of a rollback changes nothing of what is said', async () => {
  const agent = await givenApp();
  const failing = { answers: { '/health': { status: 500, body: 'no' } } };
  const theirs = agent.world.publish('v9', {});
  const isMarked = (): boolean => JSON.stringify(agent.world.azure.findApp('agent').document['tags'] ?? {}) !== '{}';
  let [wasMarked, isDeployed] = [false, false];
  agent.world.edge.onCall(({ operation }, moment) => {
    if (operation !== 'arm:ContainerApps_Get' || moment !== 'before' || isDeployed) return;
    isDeployed = wasMarked && !isMarked();
    wasMarked = isMarked();
    if (!isDeployed) return;
    agent.world.azure.setApp('agent', { provisioningState: 'Succeeded' });
    agent.world.azure.foreignDeploy('agent', theirs);
  });
  const smokeTests = '- GET /health: { retry-for: 5s }';
  const { main } = await agent.deploy({ image: agent.world.publish('v2', failing), 'smoke-tests': smokeTests });
  expect(isDeployed).toBe(true);
  expect(main.outputs['outcome']).toBe('rolled-back');
});

test('a change that Azure accepts long after its sender was killed is rolled back too', async () => {
  const agent = await givenApp({ app: { mode: 'Single' } });
  const before = agent.snapshot();
  const late: FaultAct = { kind: 'delay', ms: 6_000 };
  // The first one writes the marker.
  agent.world.edge.faults.add({ operation: /ContainerApps_Update$/, nth: 2, when: 'before', act: late });
  let [killed, updates] = [false, 0];
  const result = await agent.deploy(
    { image: agent.world.publish('v2', {}) },
    {
      onMainStart: (child) => {
        agent.world.edge.onCall((call, moment) => {
          if (killed || call.operation !== 'arm:ContainerApps_Update' || moment !== 'before' || ++updates !== 2) return;
          killed = true;
          child.kill('SIGKILL');
        });
      },
    },
  );
  expect([killed, result.main.signal]).toEqual([true, 'SIGKILL']);
  expect(result.post.summary).toContain('`rolled-back`');
  expect(agent.snapshot()).toEqual(before);
});

describe('a cancel', () => {
  test.each([
    ['while the traffic is pinned', 10_000],
    ['while our revision starts', 16_000],
    ['while our canary is analyzed', 60_000],
  ])('%s restores exactly the previous state', async (_title, everyMs) => {
    const agent = await givenApp();
    const before = agent.snapshot();
    const visits = agent.watch();
    const inputs = { ...canary, steps: '20% for 10m', image: agent.world.publish('v2', { readyAfterMs: 5_000 }) };
    const { main, post } = await agent.deploy(inputs, { onMainStart: agent.cancelMain(everyMs) });
    expect([main.outputs['outcome'], main.exitCode, post.exitCode]).toEqual([undefined, 1, 1]);
    expect(post.summary).toContain(everyMs === 10_000 ? '`refused`' : '`rolled-back`');
    expect(agent.snapshot()).toEqual(before);
    expect(visits.failed).toBe(0);
  });
});

test('tokens that are revoked in the middle are replaced by new ones', async () => {
  const agent = await givenApp();
  let asked = 0;
  agent.world.edge.onCall((call, moment) => {
    if (call.operation !== 'workload:GET /health' || moment !== 'after' || ++asked !== 2) return;
    agent.world.azure.revokeTokens();
  });
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
  expect(main.outputs['outcome']).toBe('deployed');
});
