import { afterEach, describe, expect, test } from '@jest/globals';
import { textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { addSet, scale, stateOf } from '../../simulators/kubernetes-scene.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { V1 } from './kubernetes-troubles.ts';
import { refuse } from './refusal.ts';
import { deploymentOf } from './watch-kubernetes.ts';

afterEach(closeAgents);

const empty = { 'allow-empty': 'true', 'smoke-tests': '- GET /: { retry-for: 5s }\n- GET /: { in-cluster: true }' };

async function givenEmpty(): Promise<KubernetesAgent> {
  const agent = await givenKubernetes();
  await scale(agent.stage, 0);
  await agent.stage.pass(5_000);
  return agent;
}

async function imageOf(agent: KubernetesAgent): Promise<string> {
  const { spec } = await deploymentOf(agent);
  return JSON.stringify(spec).match(/"image":"([^"]*)"/)![1]!;
}

describe('allow-empty: true, on a Deployment that is scaled to 0', () => {
  test('deploys, measures nothing and says so; then it is unchanged', async () => {
    const agent = await givenEmpty();
    const image = agent.world.publish('v2', {});
    const { main, post } = await agent.deploy({ image, ...empty });
    expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome: 'deployed', log: main.log });
    expect(await imageOf(agent)).toBe(main.outputs['image']);
    expect(main.log).toMatch(/::warning::deployment web .* has no pods: nothing runs, so nothing is tested/);
    expect(main.log).toContain('no smoke test ran');
    expect(main.summary).toContain('so nothing was measured');
    expect(main.log).not.toMatch(/[✓✗]/);
    expect(post.log).toBe('');
    const again = await agent.deploy({ image, ...empty });
    expect(again.main.outputs['outcome']).toBe('unchanged');
    expect(again.main.log).toContain('no smoke test ran');
  });

  test('a plan of it changes nothing', async () => {
    const agent = await givenEmpty();
    const before = await stateOf(agent.stage);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...empty, mode: 'plan' });
    expect(main.outputs['outcome']).toBe('planned');
    expect(main.log).toMatch(/::warning::deployment web .* has no pods/);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('is rolled back after a kill, and that is not called a failure of its smoke tests', async () => {
    const agent = await givenEmpty();
    const before = await stateOf(agent.stage);
    let isKilled = false;
    const onMainStart = (child: { kill(signal: NodeJS.Signals): boolean }) =>
      void agent.world.edge.onCall(({ operation }, moment) => {
        if (isKilled || moment !== 'after' || operation !== 'kubernetes:patch deployments') return;
        isKilled = child.kill('SIGKILL');
      });
    const { post } = await agent.deploy({ image: agent.world.publish('v2', {}), ...empty }, { onMainStart });
    expect({ log: post.log }).toMatchObject({ log: expect.stringMatching(/\[rolled-back\]/) });
    expect(post.log).toContain('Verified by reading it back; nothing runs, so no smoke test ran.');
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test.each(['deploy', 'plan'])('cannot be split by a canary: %s', async (mode) => {
    const agent = await givenEmpty();
    const image = agent.world.publish('v2', {});
    const canary = { strategy: 'canary', steps: '50% for 1m' };
    const { text } = await refuse(agent, { image, ...empty, ...canary, mode });
    expect(text).toMatch(/could not use canary on deployment web .*\nScale it up; or: Use `strategy: rolling`/);
  });
});

test('allow-empty: true changes nothing where pods run: a bad image is rolled back', async () => {
  const agent = await givenKubernetes();
  const image = agent.world.publish('v2', { answers: { '/': { status: 500, body: 'no' } } });
  const { main } = await agent.deploy({ image, ...empty });
  expect(main.outputs['outcome']).toBe('rolled-back');
});

test('allow-empty: true deploys to a StatefulSet without replicas', async () => {
  const agent = await givenKubernetes();
  await addSet(agent.stage, 'StatefulSet', { name: 'db', image: V1 });
  const body = { spec: { replicas: 0 } };
  await agent.stage.expect(`${paths.statefulSets}/db`, { method: 'PATCH', patch: 'merge-patch+json', body });
  await agent.stage.pass(30_000);
  const inputs = { image: agent.world.publish('v2', {}), workload: 'statefulset/db', 'allow-empty': 'true', url: '' };
  const { main } = await agent.deploy(inputs);
  expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome: 'deployed', log: main.log });
  const set = await agent.stage.expect(`${paths.statefulSets}/db`);
  expect(JSON.stringify(set['spec'])).toContain(main.outputs['digest']);
  expect(textAt(set, 'metadata', 'name')).toBe('db');
});
