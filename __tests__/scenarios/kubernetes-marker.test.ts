import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { deployBeside } from './deploy-beside.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { loseRunner } from './lose-runner.ts';
import { annotationsOf, imagesOf, watchPatches } from './watch-kubernetes.ts';

afterEach(closeAgents);

const KEY = 'deploy-agent.dev/rollout';
const smokeTests = '- GET /: { retry-for: 5s }';
const rolling = { 'smoke-tests': smokeTests };
const bad: Partial<Behaviour> = { answers: { '/': { status: 500, body: 'no' } } };
const patch = /^kubernetes:patch deployments$/;
/** Longer than a marker holds. */
const PAST_ITS_TIME = 6 * 60_000;
const annotated = { annotations: { 'acme.dev/team': 'agents' } };
const v = (agent: KubernetesAgent, version: string, image: Partial<Behaviour> = {}) =>
  agent.world.publish(version, image);

/** The marker that each request writes: null where it removes it. */
function markersOf(patches: readonly { readonly body: string }[]) {
  return patches.map(({ body }) => {
    const operations = JSON.parse(body) as readonly {
      readonly path: string;
      readonly op: string;
      readonly value?: unknown;
    }[];
    const found = operations.find(({ path }) => path === '/metadata/annotations/deploy-agent.dev~1rollout');
    if (!found) return undefined;
    return found.op === 'remove'
      ? null
      : (JSON.parse(String(found.value)) as { readonly phase: string; readonly run: { readonly name: string } });
  });
}

describe('the marker of a rollout', () => {
  test.each([
    ['rolling', {}, {}, 'deployed'],
    ['one that fails', {}, bad, 'rolled-back'],
    ['one that is kept', { 'on-failure': 'keep' }, bad, 'kept'],
  ] as const)('is in the first request of %s and gone at the end, others stay', async (_, inputs, image, outcome) => {
    const agent = await givenKubernetes({ stage: annotated });
    const patches = watchPatches(agent);
    const { main } = await agent.deploy(
      { image: v(agent, 'v2', image), ...rolling, ...inputs },
      { env: { GITHUB_REPOSITORY: 'acme/agent', GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '2' } },
    );
    expect(main.outputs['outcome']).toBe(outcome);
    const markers = markersOf(patches);
    expect(markers[0]).toMatchObject({ phase: 'rolling-out', run: { name: 'acme/agent, run 4711, attempt 2' } });
    expect(markers.at(-1)).toBeNull();
    const left = await annotationsOf(agent);
    expect(left).toMatchObject({ 'acme.dev/team': 'agents' });
    expect(left).not.toHaveProperty([KEY]);
    expect('kubernetes.io/change-cause' in left).toBe(outcome !== 'rolled-back');
  });

  test('is small, and renewed while pods come up slowly', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 1, spec: { progressDeadlineSeconds: 3_600 } } });
    const patches = watchPatches(agent);
    const { main } = await agent.deploy({
      image: v(agent, 'v2', { readyAfterMs: 500_000 }),
      ...rolling,
      timeout: '1h',
    });
    expect(main.outputs['outcome']).toBe('deployed');
    const markers = markersOf(patches);
    expect(markers.length).toBeGreaterThan(4);
    expect(markers.slice(0, -1)).not.toContain(null);
    const { data } = JSON.parse(JSON.stringify(markers[0])) as { readonly data: object };
    expect(JSON.stringify(data).length).toBeLessThan(1_024);
  });

  test('that `kubectl rollout undo` copied back from a ReplicaSet is none', async () => {
    const agent = await givenKubernetes();
    await agent.deploy({ image: v(agent, 'v2'), ...rolling });
    const sets = objectsAt(await agent.stage.expect(paths.replicaSets), 'items');
    const ours = sets.find((set) => KEY in objectAt(set, 'metadata', 'annotations'))!;
    const annotations = { [KEY]: textAt(objectAt(ours, 'metadata', 'annotations'), KEY) };
    const body = { metadata: { annotations } };
    await agent.stage.expect(`${paths.deployment()}?fieldManager=kubectl-rollout`, {
      method: 'PATCH',
      patch: 'merge-patch+json',
      body,
    });
    await agent.stage.pass(PAST_ITS_TIME);
    const { main } = await agent.deploy({ image: v(agent, 'v3'), ...rolling });
    expect(main.log).not.toMatch(/unfinished/);
    expect(main.outputs['outcome']).toBe('deployed');
    expect(await annotationsOf(agent)).not.toHaveProperty([KEY]);
  });
});

describe('a second run, while the first rolls out', () => {
  async function startBoth(inputs: Readonly<Record<string, string>>) {
    const agent = await givenKubernetes();
    const other = { image: v(agent, 'v3'), ...inputs };
    const at = { operation: patch, when: 'after' } as const;
    return { agent, ...(await deployBeside(agent, { image: v(agent, 'v2'), ...rolling }, other, at)) };
  }

  test('waits for it, says for whom, and deploys what it then finds', async () => {
    const { agent, first, second } = await startBoth(rolling);
    expect(first.outputs['outcome']).toBe('deployed');
    expect(second.log).toMatch(/is rolling out [0-9a-f]{10}\.t\.[0-9a-f]{20} \(its marker holds until/);
    expect(second.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': first.outputs['revision'] });
    expect((await agent.ask()).body).toBe('v3');
  });

  test('is refused with `on-conflict: fail`', async () => {
    const { first, second } = await startBoth({ ...rolling, 'on-conflict': 'fail' });
    expect([first.outputs['outcome'], second.outputs['outcome']]).toEqual(['deployed', 'refused']);
    expect(second.log).toMatch(/could not start a deployment of deployment web.*is rolling out/);
  });

  test('that only plans says so', async () => {
    const { second } = await startBoth({ ...rolling, mode: 'plan' });
    expect(second.outputs['outcome']).toBe('planned');
    expect(second.summary).toMatch(/is rolling out/);
  });
});

test('two runs that find it free at the same moment: one waits, and both are deployed in turn', async () => {
  const agent = await givenKubernetes();
  const inputs = { image: v(agent, 'v2'), ...rolling };
  const { first, second } = await deployBeside(
    agent,
    inputs,
    { ...inputs, image: v(agent, 'v3') },
    { operation: patch, when: 'before' },
  );
  expect([first.outputs['outcome'], second.outputs['outcome']]).toEqual(['deployed', 'deployed']);
  expect(await annotationsOf(agent)).not.toHaveProperty([KEY]);
});

describe('a run whose runner is lost', () => {
  const losses = [
    ['when it is deployed', { operation: patch, nth: 1 }],
    ['with its request', { operation: patch, nth: 1, when: 'before' }],
    ['at its end', { operation: patch, nth: 2 }],
  ] as const;

  test.each(losses)('%s: the next deploy, at once, waits, restores and ends as the only one', async (_, at) => {
    const agent = await givenKubernetes({ stage: annotated });
    await loseRunner(agent, { image: v(agent, 'v2'), ...rolling, 'environment-variables': 'FROM: lost' }, at);
    const isMarked = KEY in (await annotationsOf(agent));
    const { main } = await agent.deploy({ image: v(agent, 'v3'), ...rolling });
    expect(main.outputs['outcome']).toBe('deployed');
    if (isMarked) {
      expect(main.log).toMatch(/left its rollout of [0-9a-f.t]+ unfinished/);
      expect(JSON.stringify(agent.snapshot())).not.toContain('FROM');
    }
    expect((await agent.ask()).body).toBe('v3');
    expect(await annotationsOf(agent)).not.toHaveProperty([KEY]);
  });

  test('while it restored: the next run goes on with that, field managers included', async () => {
    const agent = await givenKubernetes({ stage: { ...annotated, by: { manager: 'helm', apply: true } } });
    const before = agent.snapshot();
    await loseRunner(agent, { image: v(agent, 'v2', bad), ...rolling }, { operation: patch, nth: 2 });
    await agent.stage.pass(PAST_ITS_TIME);
    const { main } = await agent.deploy({ image: v(agent, 'v3', bad), ...rolling });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });

  test('long ago: `mode: plan` says what is restored', async () => {
    const agent = await givenKubernetes();
    await loseRunner(agent, { image: v(agent, 'v2'), ...rolling }, { operation: patch, nth: 1 });
    await agent.stage.pass(PAST_ITS_TIME);
    const plan = await agent.deploy({ image: v(agent, 'v3'), ...rolling, mode: 'plan' });
    expect(plan.main.summary).toMatch(/unfinished.*would first restore web-\w+/s);
    expect(await imagesOf(agent)).not.toContain('v1');
  });
});
