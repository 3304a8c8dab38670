import { afterEach, describe, expect, test } from '@jest/globals';
import { addSet, foreignDeploy, stateOf, untilDone } from '../../simulators/kubernetes-scene.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { V1 } from './kubernetes-troubles.ts';

afterEach(closeAgents);

const tests = { 'smoke-tests': '- GET /: { retry-for: 5s }' };

// What `npm run faults` found.
describe('a run that is disturbed', () => {
  test('by a tool that puts the old template back right after our change: ours is not sent again', async () => {
    const agent = await givenKubernetes();
    const before = await stateOf(agent.stage);
    let patches = 0;
    agent.world.edge.onCall(async ({ operation }, moment) => {
      if (operation !== 'kubernetes:patch deployments' || moment !== 'after') return;
      patches += 1;
      if (patches === 1) await foreignDeploy(agent.stage, V1, 'kubectl-client-side-apply');
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...tests });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(main.log).toContain('its pod template was changed meanwhile');
    await untilDone(agent.stage);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('by a kill after the last change of a StatefulSet, whose only annotations are ours: it is as before', async () => {
    const agent = await givenKubernetes();
    await addSet(agent.stage, 'StatefulSet', { name: 'db', image: V1 });
    const before = await stateOf(agent.stage);
    let kill = (): unknown => null;
    let patches = 0;
    agent.world.edge.onCall(async ({ operation }, moment) => {
      if (operation !== 'kubernetes:patch statefulsets' || moment !== 'after' || ++patches !== 2) return undefined;
      await agent.world.clock.settle();
      kill();
      return 'drop';
    });
    const inputs = { image: agent.world.publish('v2', {}), workload: 'statefulset/db', url: '', 'smoke-tests': '' };
    const { post } = await agent.deploy(inputs, {
      onMainStart(child) {
        kill = () => child.kill('SIGKILL');
      },
    });
    expect(post.summary).toContain('| Outcome | `rolled-back` |');
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('by an API server that is away for a moment when a preview is done: its marker goes all the same', async () => {
    const agent = await givenKubernetes();
    const { faults } = agent.world.edge;
    for (const nth of [1, 2])
      faults.add({ operation: /^kubernetes:patch deployments$/, nth, when: 'before', act: { kind: 'drop' } });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), traffic: '0', ...tests });
    expect(main.outputs['outcome']).toBe('previewed');
    expect(main.log).not.toContain('could not remove the marker');
    const copy = await agent.stage.expect(paths.deployment('web-canary'));
    expect(JSON.stringify(copy)).not.toContain('deploy-agent.dev/rollout');
  });
});
