import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectAt, textAt } from '../../simulators/json.ts';
import { closeAgents } from './agent.ts';
import { givenApp, givenPinnedApp } from './container-apps-agent.ts';
import { deployBeside, type Meeting } from './deploy-beside.ts';
import { loseRunner } from './lose-runner.ts';
import { patchesIn, watchArm } from './watch-arm.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const canary = { strategy: 'canary', steps: '20% for 2m', 'smoke-tests': smokeTests };
const rolling = { 'smoke-tests': smokeTests };
const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const app = { document: { tags: { team: 'agents' } } };
const update = /ContainerApps_Update$/;
const HALF_AN_HOUR = 30 * 60_000;

function tagsOf({ world }: Agent): JsonObject {
  return objectAt(world.azure.findApp('agent').document, 'tags');
}

/** The first piece of the marker in each request: '' where it is removed, null where it is not mentioned. */
function markersIn(patches: readonly JsonObject[]): readonly (string | null)[] {
  return patches.map((patch) => {
    const tags = objectAt(patch, 'tags');
    const name = Object.keys(tags).find((tag) => /^deploy-agent-rollout-[0-9a-f]+-1$/.test(tag));
    return name === undefined ? null : textAt(tags, name);
  });
}

/** Names of revisions hold the time. */
function withoutNames(snapshot: JsonObject): unknown {
  return JSON.parse(JSON.stringify(snapshot).replace(/agent--[df]\w+/g, 'agent--new'));
}

function trafficOf({ world }: Agent): readonly unknown[] {
  return world.azure.findApp('agent').traffic.map(({ revision, weight }) => `${revision ?? 'latest'} ${weight}`);
}

async function startBoth(
  at: Pick<Meeting, 'operation' | 'nth'>,
  first: Readonly<Record<string, string>>,
  { second, isBad = false }: { readonly second: Readonly<Record<string, string>>; readonly isBad?: boolean },
) {
  const agent = await givenApp();
  const v2 = agent.world.publish('v2', isBad ? bad : {});
  const v3 = agent.world.publish('v3', {});
  const meeting = { ...at, when: 'before' } as const;
  return { agent, ...(await deployBeside(agent, { image: v2, ...first }, { image: v3, ...second }, meeting)) };
}

describe('the marker of a rollout', () => {
  test.each([
    ['rolling', rolling, {}, 'deployed'],
    ['a canary', canary, {}, 'deployed'],
    ['a preview', { traffic: '0', 'smoke-tests': smokeTests }, {}, 'previewed'],
    ['rolling that fails', rolling, bad, 'rolled-back'],
    ['a canary that fails', canary, bad, 'rolled-back'],
    ['a canary that is kept', { ...canary, 'on-failure': 'keep' }, bad, 'kept'],
  ] as const)('is in the first request of %s and gone at the end, others stay', async (_, inputs, image, outcome) => {
    const agent = await givenApp({ app });
    const seen = watchArm(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', image), ...inputs });
    expect(main.outputs['outcome']).toBe(outcome);
    expect(markersIn(patchesIn(seen))[0]).toContain('"claiming"');
    expect(tagsOf(agent)).toEqual({ team: 'agents' });
  });

  test('is written also where a change of another user refuses it again and again', async () => {
    const agent = await givenApp({ app });
    const seen = watchArm(agent);
    const body = JSON.stringify({ error: { code: 'ContainerAppOperationInProgress', message: 'in progress' } });
    const headers = { 'content-type': 'application/json' };
    for (let nth = 1; nth <= 5; nth++) {
      agent.world.edge.faults.add({
        operation: update,
        nth,
        when: 'before',
        act: { kind: 'status', status: 409, headers, body },
      });
    }
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('deployed');
    // Those that were refused never came to the cloud.
    expect(markersIn(patchesIn(seen))[0]).toContain('"claiming"');
  });

  test('is renewed while a canary is analyzed, which disturbs nothing', async () => {
    const agent = await givenApp({ app });
    const seen = watchArm(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary, steps: '20% for 12m' });
    expect(main.outputs['outcome']).toBe('deployed');
    const renewals = patchesIn(seen).filter((patch) => !('properties' in patch));
    expect(renewals.length).toBeGreaterThanOrEqual(4);
  });

  test('is left out where the app has no room for it, which is said once', async () => {
    const tags = Object.fromEntries(Array.from({ length: 49 }, (_, n) => [`tag-${n}`, 'x']));
    const agent = await givenApp({ app: { document: { tags } } });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log.match(/has no room for the tags that mark a rollout/g)).toHaveLength(1);
    expect(tagsOf(agent)).toEqual(tags);
  });
});

describe('a second run, while the first analyzes its canary', () => {
  const begin = (second: Readonly<Record<string, string>>) =>
    startBoth({ operation: /^workload:GET \/health$/, nth: 4 }, canary, { second });

  test('waits for it, says for whom, and deploys what it then finds', async () => {
    const { agent, first, second } = await begin(canary);
    expect(first.outputs['outcome']).toBe('deployed');
    expect(second.log).toMatch(/is rolling out agent--f\w+ \(its marker holds until/);
    expect(second.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': first.outputs['revision'] });
    expect(trafficOf(agent)).toEqual(['latest 100']);
    expect(await agent.ask()).toMatchObject({ body: 'v3' });
  });

  test('is refused with `on-conflict: fail`', async () => {
    const { agent, first, second } = await begin({ ...canary, 'on-conflict': 'fail' });
    expect(second.outputs['outcome']).toBe('refused');
    expect(second.log).toMatch(/could not start a deployment of container app agent.*is rolling out agent--/);
    expect(first.outputs['outcome']).toBe('deployed');
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
  });

  test('that only plans says so', async () => {
    const { second } = await begin({ ...canary, mode: 'plan' });
    expect(second.outputs['outcome']).toBe('planned');
    expect(second.summary).toMatch(/is rolling out agent--f/);
  });
});

test('of two that begin at the same time, one gives way, waits and starts over', async () => {
  // The first one's marker is about to be written.
  const at = { operation: update, nth: 1 };
  const { agent, first, second } = await startBoth(at, canary, { second: canary, isBad: true });
  expect([first.outputs['outcome'], second.outputs['outcome']]).toEqual(['rolled-back', 'deployed']);
  expect(await agent.ask()).toMatchObject({ body: 'v3' });
  expect(trafficOf(agent)).toEqual(['latest 100']);
});

describe('a run whose runner is lost', () => {
  async function reference(given: () => Promise<Agent>, inputs: Readonly<Record<string, string>>) {
    const agent = await given();
    await agent.deploy({ image: agent.world.publish('v3', {}), ...inputs });
    await agent.world.clock.advance(HALF_AN_HOUR);
    return agent.snapshot();
  }

  const latest = () => givenApp({ app });
  const losses = [
    ['rolling, when its marker is written', latest, rolling, 1],
    ['rolling, when it is deployed', latest, rolling, 2],
    ['a canary, when it is deployed', latest, canary, 2],
    ['a canary at 20%', latest, canary, 3],
    ['a canary at 100%, before its end', latest, canary, 4],
    ['a canary by name at 20%', () => givenPinnedApp(), canary, 3],
    ['Single mode', () => givenApp({ app: { ...app, mode: 'Single' } }), rolling, 2],
  ] as const;

  test.each(losses)('%s: the next deploy waits, restores and ends as the only one', async (_, given, inputs, nth) => {
    const agent = await given();
    const tags = tagsOf(agent);
    const environment = { 'environment-variables': 'FROM: lost' };
    await loseRunner(
      agent,
      { image: agent.world.publish('v2', {}), ...inputs, ...environment },
      { operation: update, nth },
    );
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...inputs });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log).toMatch(/left its rollout of agent--\w+ unfinished/);
    await agent.world.clock.advance(HALF_AN_HOUR);
    expect(withoutNames(agent.snapshot())).toEqual(withoutNames(await reference(given, inputs)));
    expect(tagsOf(agent)).toEqual(tags);
  });

  test('half an hour ago: `mode: plan` says what is restored, and the next deploy restores it without waiting', async () => {
    const agent = await latest();
    const before = agent.snapshot();
    await loseRunner(agent, { image: agent.world.publish('v2', {}), ...canary }, { operation: update, nth: 3 });
    await agent.world.clock.advance(HALF_AN_HOUR);
    const plan = await agent.deploy({ image: agent.world.publish('v3', {}), ...canary, mode: 'plan' });
    expect(plan.main.summary).toMatch(/unfinished.*would first restore agent--\w+/s);
    const { main } = await agent.deploy({ image: agent.world.publish('v4', bad), ...canary });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });
});
