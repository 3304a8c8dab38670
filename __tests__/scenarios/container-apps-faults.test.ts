import { afterEach, describe, expect, test } from '@jest/globals';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import { closeAgents } from './agent.ts';
import { givenApp } from './container-apps-agent.ts';

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
