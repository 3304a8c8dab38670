import { afterEach, expect, test } from '@jest/globals';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { LONGEST_MS, neverRollBackWhatPasses } from './passing-failures.ts';
import { onKubernetes } from './passing-failures-kubernetes.ts';

afterEach(closeAgents);

test(
  'Kubernetes: a rollout with failures that pass ends as it would without us',
  () => neverRollBackWhatPasses(onKubernetes, { first: 0, every: 2 }),
  LONGEST_MS,
);

test('Kubernetes: a rollback waits for a registry that limits the rate for minutes', async () => {
  const agent = await givenKubernetes();
  const before = agent.snapshot();
  agent.stage.kubelet.troubles.push({ image: 'agent:v1', kind: 'throttled', times: 4 });
  const startedAt = agent.world.clock.now();
  const image = agent.world.publish('v2', { answers: { '/health': { status: 500 } } });
  const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health: { retry-for: 5s }' });
  expect(agent.world.clock.now() - startedAt).toBeGreaterThan(120_000);
  expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
  expect(agent.snapshot()).toEqual(before);
});
