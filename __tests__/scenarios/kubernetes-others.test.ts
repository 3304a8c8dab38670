import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { foreignDeploy, scale, untilDone } from '../../simulators/kubernetes-scene.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { LEAST, setQuota } from './kubernetes-troubles.ts';
import { annotationsOf, deploymentOf, untilPastDeadline, watchPatches } from './watch-kubernetes.ts';

afterEach(closeAgents);

const tests = { 'smoke-tests': '- GET /: { retry-for: 5s }' };
const crashes: Partial<Behaviour> = { crash: { afterMs: 500, exitCode: 1, logs: ['boom'] } };
const unfit: Partial<Behaviour> = { answers: { '/': { status: 500, body: 'no' } } };

/** Right after the n-th request of ours that changes the Deployment. */
function afterPatch({ world }: KubernetesAgent, nth: number, act: () => Promise<unknown>): void {
  let seen = 0;
  world.edge.onCall(async ({ operation }, moment) => {
    if (operation === 'kubernetes:patch deployments' && moment === 'after' && ++seen === nth) await act();
    return undefined;
  });
}

describe('another user, in the middle of our rollout', () => {
  test.each([
    [
      'deploys: it is not touched, and our marker goes',
      (agent: KubernetesAgent) => foreignDeploy(agent.stage, agent.world.publish('v9', {})),
    ],
    ['deploys what was there before', (agent: KubernetesAgent) => foreignDeploy(agent.stage, 'ghcr.io/acme/agent:v8')],
  ])('%s', async (_, act) => {
    const agent = await givenKubernetes();
    agent.world.publish('v8', {});
    afterPatch(agent, 1, () => act(agent));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', crashes), ...tests });
    expect(main.outputs['outcome']).toBe('superseded');
    await untilDone(agent.stage);
    expect((await agent.ask()).body).toMatch(/v[89]/);
    expect(JSON.stringify(objectAt(await deploymentOf(agent), 'metadata'))).not.toContain('deploy-agent');
  });

  test('scales: that stays, and is no other deployment (behaviour 55, report on HPA)', async () => {
    const agent = await givenKubernetes();
    afterPatch(agent, 1, () => scale(agent.stage, 5));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', unfit), ...tests });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(objectAt(await deploymentOf(agent), 'spec')['replicas']).toBe(5);
    expect((await agent.ask()).body).toBe('v1');
  });

  test('scales to zero: no success, and the way back ends', async () => {
    const agent = await givenKubernetes();
    afterPatch(agent, 1, () => scale(agent.stage, 0));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.log).toMatch(/nothing runs, so nothing was proven/);
    expect(main.outputs['outcome']).toBe('rolled-back');
  });

  test('annotates: no other deployment, and the annotation stays', async () => {
    const agent = await givenKubernetes();
    const body = { metadata: { annotations: { 'acme.dev/note': 'hello' } } };
    afterPatch(agent, 1, () =>
      agent.stage.expect(paths.deployment(), { method: 'PATCH', patch: 'merge-patch+json', body }),
    );
    const { main } = await agent.deploy({ image: agent.world.publish('v2', unfit), ...tests });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(await annotationsOf(agent)).toMatchObject({ 'acme.dev/note': 'hello' });
  });

  test('pauses it: this is said, and it goes on when it is resumed', async () => {
    const agent = await givenKubernetes();
    const pause = (paused: boolean) =>
      agent.stage.expect(paths.deployment(), {
        method: 'PATCH',
        patch: 'merge-patch+json',
        body: { spec: { paused } },
      });
    let resumeAt = Number.POSITIVE_INFINITY;
    afterPatch(agent, 1, async () => {
      await pause(true);
      resumeAt = agent.stage.now() + 60_000;
    });
    const stop = agent.stage.every(1_000, async () => {
      if (agent.stage.now() < resumeAt) return;
      stop();
      await pause(false);
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...tests });
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test('deletes it: superseded or failed, and nothing is made anew', async () => {
    const agent = await givenKubernetes();
    afterPatch(agent, 1, () => agent.stage.expect(paths.deployment(), { method: 'DELETE' }));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...tests });
    expect(main.log).toMatch(/was deleted/);
    expect((await agent.stage.api(paths.deployment())).status).toBe(404);
  });
});

describe('behaviour 53: a status that is older than the request', () => {
  test('is not believed, neither complete nor past its deadline', async () => {
    const agent = await givenKubernetes({
      stage: { spec: { progressDeadlineSeconds: 20, strategy: { type: 'Recreate', rollingUpdate: null } } },
    });
    await foreignDeploy(agent.stage, agent.world.publish('v0', crashes));
    await untilPastDeadline(agent);
    const { main } = await agent.deploy({
      image: agent.world.publish('v2', { readyAfterMs: 3_000 }),
      ...tests,
      'on-stuck': 'replace',
      base: 'latest',
      'allow-no-rollback': 'true',
    });
    expect(main.outputs['outcome']).toBe('deployed');
  });
});

describe('behaviour 54: the deadline is only reported', () => {
  test('so we roll back, when no pod says what is wrong', async () => {
    const agent = await givenKubernetes({ stage: { spec: { progressDeadlineSeconds: 30 } } });
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', { readyAfterMs: 3_600_000 }), ...tests });
    expect(main.log).toMatch(/ReplicaSet "web-\w+" has timed out progressing/);
    expect(main.log).toMatch(/Readiness probe failed/);
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('behaviour 55: a rollback', () => {
  test('uses the old ReplicaSet again, touches no last-applied configuration, and restores after two failures what served', async () => {
    const lastApplied = { 'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"replicas":3}}' };
    const agent = await givenKubernetes({ stage: { annotations: lastApplied } });
    const before = agent.snapshot();
    for (const version of ['v2', 'v3']) {
      const { main } = await agent.deploy({ image: agent.world.publish(version, crashes), ...tests });
      expect(main.outputs['outcome']).toBe('rolled-back');
      expect(main.log).toMatch(/is restored: .*they run ghcr\.io\/acme\/agent@sha256:/);
      expect(agent.snapshot()).toEqual(before);
    }
    const sets = objectsAt(await agent.stage.expect(paths.replicaSets), 'items');
    expect(sets.map(versionOf).toSorted()).toEqual(['v1', expect.any(String), expect.any(String)].toSorted());
    expect(await annotationsOf(agent)).toMatchObject(lastApplied);
  });

  test('that a quota blocks is told with its cause, not as a time-out (report 6)', async () => {
    const agent = await givenKubernetes({
      stage: { rules: LEAST, spec: { strategy: { type: 'Recreate', rollingUpdate: null } } },
    });
    afterPatch(agent, 2, () => setQuota(agent, 1));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', unfit), ...tests });
    expect(main.outputs['outcome']).toBe('rollback-failed');
    expect(main.log).toMatch(/web-\w+ was restored and does not come up: no pod can be created: .*exceeded quota/);
    expect(main.log).toMatch(/kubectl rollout undo deployment\/web --namespace shop --to-revision=1/);
  });

  test('whose image is gone for the nodes is told in seconds', async () => {
    const agent = await givenKubernetes({ stage: { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } } });
    const patches = watchPatches(agent);
    afterPatch(agent, 2, async () => void agent.stage.kubelet.troubles.push({ image: 'agent:v1', kind: 'denied' }));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', unfit), ...tests });
    expect(patches.length).toBeGreaterThanOrEqual(2);
    expect(main.outputs['outcome']).toBe('rollback-failed');
    expect(main.log).toMatch(
      /was restored and does not come up: pod web-\w+-\w+, container web: (?:ErrImagePull|ImagePullBackOff).*401/,
    );
  });
});

test('an API server that is away for half a minute is outlasted', async () => {
  const agent = await givenKubernetes();
  let [from, until] = [Number.POSITIVE_INFINITY, 0];
  afterPatch(agent, 1, async () => {
    from = agent.stage.now() + 2_000;
    until = from + 30_000;
  });
  agent.world.edge.onCall(({ operation }, moment) => {
    const now = agent.stage.now();
    return operation.startsWith('kubernetes:') && moment === 'before' && now >= from && now < until
      ? 'drop'
      : undefined;
  });
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...tests });
  expect(main.outputs['outcome']).toBe('deployed');
});

function versionOf(set: JsonObject): string {
  const [container] = objectsAt(set, 'spec', 'template', 'spec', 'containers');
  return textAt(container, 'image').replace(/^.*[:@]/, '');
}
