import { afterEach, describe, expect, test } from '@jest/globals';
import { foreignDeploy } from '../../simulators/kubernetes-scene.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { LEAST } from './kubernetes-troubles.ts';
import { refuseAlike } from './refusal.ts';
import { kubernetesRefusals } from './refusals-kubernetes.ts';
import { untilPastDeadline } from './watch-kubernetes.ts';

afterEach(closeAgents);

const isReal = process.env['KUBERNETES_CONTROL_PLANE'] !== undefined;

// Elsewhere plan-refuses-alike.test.ts plays these rows, with those of the other targets.
if (isReal) {
  test.each(kubernetesRefusals.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    expect(await refuseAlike(row)).toBe('alike');
  });
}

test.each([
  ['web', /workload.*deployment\/NAME, statefulset\/NAME, daemonset\/NAME.*Write deployment\/web/],
  ['pod/web', /workload.*"pod\/web"/],
  ['deployment/Web App', /workload.*"deployment\/Web App"/],
])('the input workload: %s', async (workload, says) => {
  const agent = await givenKubernetes();
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), workload, namespace: 'Shop!' });
  expect(main.log).toMatch(says);
  expect(main.log).toMatch(/namespace.*"Shop!"/);
});

test('least rights are enough, and what may not be read is told', async () => {
  const rules = LEAST.filter(({ resources }) => !resources.includes('pods/log'));
  const agent = await givenKubernetes({ stage: { rules } });
  const bad = await agent.deploy({
    image: agent.world.publish('v2', { crash: { afterMs: 300, exitCode: 1, logs: [] } }),
  });
  expect(bad.main.outputs['outcome']).toBe('rolled-back');
  const { main } = await agent.deploy({ image: agent.world.publish('v3', {}) });
  expect(main.outputs['outcome']).toBe('deployed');
});

describe('a rollout of another user', () => {
  test('is waited for', async () => {
    const agent = await givenKubernetes();
    await foreignDeploy(agent.stage, agent.world.publish('v2', {}));
    await agent.stage.pass(1_000);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}) });
    expect(main.log).toMatch(/another rollout is in progress: web-\w+: [0-3] of 3 pods updated/);
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test('that can’t end is refused, and replaced with `on-stuck: replace`, on the configuration that serves', async () => {
    const agent = await givenKubernetes({ stage: { spec: { progressDeadlineSeconds: 30 } } });
    await foreignDeploy(agent.stage, agent.world.publish('v0', { crash: { afterMs: 300, exitCode: 1, logs: [] } }));
    await untilPastDeadline(agent);
    const image = agent.world.publish('v2', {});
    const refused = await agent.deploy({ image });
    expect(refused.main.log).toMatch(
      /another rollout can't end by itself: web-\w+ does not come up, and its deadline is over.*on-stuck: replace/s,
    );
    const bad = await agent.deploy({
      image: agent.world.publish('v9', { answers: { '/': { status: 500, body: '' } } }),
      'on-stuck': 'replace',
      'smoke-tests': '- GET /',
    });
    expect(bad.main.outputs['outcome']).toBe('rolled-back');
    expect((await agent.ask()).body).toBe('v1');
    const { main } = await agent.deploy({ image });
    expect(main.outputs['outcome']).toBe('deployed');
  });
});
