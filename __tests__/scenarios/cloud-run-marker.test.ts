import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { CLOUD_RUN_SERVICE as SERVICE } from '../../simulators/cloud-run-agent.ts';
import { objectAt, textAt } from '../../simulators/json.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { deployBeside } from './deploy-beside.ts';
import { loseRunner } from './lose-runner.ts';
import { LATEST, trafficOf, updatesOf, wantedOf } from './watch-cloud-run.ts';

afterEach(closeAgents);

const KEY = 'deploy-agent/rollout';
const smokeTests = '- GET /health: { retry-for: 5s }';
const canary = { strategy: 'canary', steps: '5% for 2m', 'smoke-tests': smokeTests };
const rolling = { 'smoke-tests': smokeTests };
const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const service = { extras: { annotations: { 'acme.dev/team': 'agents' } } };
const update = /^run:UpdateService$/;
const HALF_AN_HOUR = 30 * 60_000;

/** The marker in each request that changes the service: null where it is removed, undefined where it is not mentioned. */
function markersOf(agent: Agent) {
  return updatesOf(agent).map(({ mask, body }) => {
    if (!mask.split(',').includes('annotations')) return undefined;
    const text = textAt(objectAt(body, 'annotations'), KEY);
    return text === ''
      ? null
      : (JSON.parse(text) as { readonly until: number; readonly run: { readonly name: string } });
  });
}

const annotationsOf = ({ world }: Agent) => world.google.look(SERVICE).config['annotations'];

describe('the marker of a rollout', () => {
  test.each([
    ['rolling', rolling, {}, 'deployed'],
    ['a canary', canary, {}, 'deployed'],
    ['a preview', { traffic: '0', 'smoke-tests': smokeTests }, {}, 'previewed'],
    ['rolling that fails', rolling, bad, 'rolled-back'],
    ['a canary that fails', canary, bad, 'rolled-back'],
    ['a canary that is kept', { ...canary, 'on-failure': 'keep' }, bad, 'kept'],
  ] as const)('is in the first request of %s and gone at the end, others stay', async (_, inputs, image, outcome) => {
    const agent = await givenCloudRun({ service });
    const { main } = await agent.deploy(
      { image: agent.world.publish('v2', image), ...inputs },
      { env: { GITHUB_REPOSITORY: 'acme/agent', GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '2' } },
    );
    expect(main.outputs['outcome']).toBe(outcome);
    const markers = markersOf(agent);
    expect(markers[0]).toMatchObject({ run: { name: 'acme/agent, run 4711, attempt 2' } });
    expect(markers.at(-1)).toBeNull();
    expect(annotationsOf(agent)).toEqual({ 'acme.dev/team': 'agents' });
  });

  test('is renewed while a canary is analyzed, which disturbs nothing', async () => {
    const agent = await givenCloudRun();
    const seen: boolean[] = [];
    const stop = agent.world.clock.every(10_000, async () => {
      const text = textAt(objectAt({ annotations: annotationsOf(agent) ?? {} }, 'annotations'), KEY);
      if (trafficOf(agent) === 'v1 95, v2 5')
        seen.push((JSON.parse(text) as { until: number }).until > agent.world.clock.now());
    });
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, ...canary, steps: '5% for 12m' });
    stop();
    expect(main.outputs['outcome']).toBe('deployed');
    expect(updatesOf(agent).filter(({ mask }) => mask === 'annotations').length).toBeGreaterThanOrEqual(4);
    expect(seen.length).toBeGreaterThan(60);
    expect(seen).not.toContain(false);
  });
});

describe('a second run, while the first analyzes its canary', () => {
  async function startBoth(inputs: Readonly<Record<string, string>>) {
    const agent = await givenCloudRun();
    const [v2, v3] = ['v2', 'v3'].map((version) => agent.world.publish(version, {})) as [string, string];
    const at = { operation: /^workload:GET \/health$/, when: 'before', nth: 4 } as const;
    return { agent, ...(await deployBeside(agent, { image: v2, ...canary }, { image: v3, ...inputs }, at)) };
  }

  test('waits for it, says for whom, and deploys what it then finds', async () => {
    const { agent, first, second } = await startBoth(canary);
    expect(first.outputs['outcome']).toBe('deployed');
    expect(second.log).toMatch(/is rolling out agent-\d{5}-\w{3} \(its marker holds until/);
    expect(second.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': first.outputs['revision'] });
    expect([trafficOf(agent), wantedOf(agent)]).toEqual(['v3 100', LATEST]);
  });

  test('is refused with `on-conflict: fail`', async () => {
    const { agent, first, second } = await startBoth({ ...canary, 'on-conflict': 'fail' });
    expect(second.outputs['outcome']).toBe('refused');
    expect(second.log).toMatch(/could not start a deployment of service agent.*is rolling out agent-/);
    expect(first.outputs['outcome']).toBe('deployed');
    expect(trafficOf(agent)).toBe('v2 100');
  });

  test('that only plans says so', async () => {
    const { second } = await startBoth({ ...canary, mode: 'plan' });
    expect(second.outputs['outcome']).toBe('planned');
    expect(second.summary).toMatch(/is rolling out agent-\d{5}-\w{3}/);
  });
});

describe('a run whose runner is lost', () => {
  /** As a deployment of v3 leaves the service as it was at first. */
  async function reference(inputs: Readonly<Record<string, string>>) {
    const agent = await givenCloudRun({ service });
    await agent.deploy({ image: agent.world.publish('v3', {}), ...inputs });
    await agent.world.clock.advance(HALF_AN_HOUR);
    return agent.snapshot();
  }

  // Dry runs: two. The third update is the deployment.
  const losses = [
    ['rolling, when it is deployed', rolling, { operation: update, nth: 3 }],
    ['rolling, when its revision has a name', rolling, { operation: update, nth: 4 }],
    ['a canary, when it is deployed', canary, { operation: update, nth: 3 }],
    ['a canary, when its revision has a name', canary, { operation: update, nth: 4 }],
    ['a canary at 5%', canary, { operation: update, nth: 5 }],
    ['a canary at 100%, before its end', canary, { operation: update, nth: 6 }],
    ['a canary at its end', canary, { operation: update, nth: 7 }],
    ['a canary, with its request', canary, { operation: update, nth: 3, when: 'before' }],
  ] as const;

  test.each(losses)('%s: the next deploy, at once, waits, restores and ends as the only one', async (_, inputs, at) => {
    const agent = await givenCloudRun({ service });
    const environment = { 'environment-variables': 'FROM: lost' };
    await loseRunner(agent, { image: agent.world.publish('v2', {}), ...inputs, ...environment }, at);
    const isMarked = annotationsOf(agent) && KEY in (annotationsOf(agent) as object);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...inputs });
    expect(main.outputs['outcome']).toBe('deployed');
    if (isMarked) expect(main.log).toMatch(/left its rollout of agent(?:-\d{5}-\w{3}|@[0-9a-f]{16}) unfinished/);
    await agent.world.clock.advance(HALF_AN_HOUR);
    expect(trafficOf(agent)).toBe('v3 100');
    if (isMarked) expect(agent.snapshot()).toEqual(await reference(inputs));
    expect(annotationsOf(agent)).toEqual({ 'acme.dev/team': 'agents' });
  });

  test('half an hour ago: `mode: plan` says what is restored, and the next deploy restores it without waiting', async () => {
    const agent = await givenCloudRun({ service });
    const before = agent.snapshot();
    await loseRunner(agent, { image: agent.world.publish('v2', {}), ...canary }, { operation: update, nth: 5 });
    await agent.world.clock.advance(HALF_AN_HOUR);
    expect(trafficOf(agent)).toBe('v1 95, v2 5');
    const plan = await agent.deploy({ image: agent.world.publish('v3', {}), ...canary, mode: 'plan' });
    expect(plan.main.summary).toMatch(/unfinished.*would first restore agent-00001-\w+/s);
    const at = agent.world.clock.now();
    const { main } = await agent.deploy({ image: agent.world.publish('v4', bad), ...canary });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.world.clock.now() - at).toBeLessThan(120_000);
    expect(agent.snapshot()).toEqual(before);
  });
});
