import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { changesIn, watchEcs } from './watch-ecs.ts';

afterEach(closeAgents);

/** Another user deploys v3 at the n-th call of this name, once, before or after it took effect. */
function deployV3At(agent: Agent, operation: string, { nth = 1, when = 'after' } = {}): void {
  const image = agent.world.publish('v3', {});
  let seen = 0;
  agent.world.edge.onCall((call, moment) => {
    if (call.operation !== operation || moment !== when || ++seen !== nth) return;
    agent.world.aws.foreignDeploy(CLUSTER, SERVICE, image);
  });
}

async function expectNotTouched(agent: Agent, { main }: ActionResult, nextStep = /`concurrency`/): Promise<void> {
  expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'superseded' } });
  const annotation = /^::error title=Superseded.*Next step: (.*)/m.exec(main.log);
  expect(annotation?.[1]).toMatch(nextStep);
  expect(main.log).toMatch(/agent:[23] was deployed after ours and was not touched/);
  await agent.world.clock.advance(180_000);
  expect(await agent.ask()).toMatchObject({ status: 200, body: 'v3' });
}

describe('another deployment', () => {
  test.each([
    ['between our read and our update', 'ecs:RegisterTaskDefinition', {}, ['RegisterTaskDefinition']],
    ['at the moment of our update', 'ecs:UpdateService', {}, ['RegisterTaskDefinition', 'UpdateService']],
    ['during our rollout', 'ecs:DescribeServiceDeployments', { nth: 2 }, ['RegisterTaskDefinition', 'UpdateService']],
    ['during our smoke test', 'workload:GET /health', {}, ['RegisterTaskDefinition', 'UpdateService']],
  ])('%s is not touched', async (_title, operation, at, changes) => {
    const agent = await givenAgent();
    const seen = watchEcs(agent);
    deployV3At(agent, operation, at);
    const result = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': '- GET /health' });
    await expectNotTouched(agent, result);
    expect(changesIn(seen)).toEqual(changes);
  });

  test('while our smoke test fails is not rolled back with ours', async () => {
    const agent = await givenAgent();
    const seen = watchEcs(agent);
    deployV3At(agent, 'workload:GET /predict');
    const image = agent.world.publish('v2', { answers: { '/predict': { status: 500, body: 'no' } } });
    const result = await agent.deploy({ image, 'smoke-tests': '- GET /predict: { retry-for: 5s }' });
    expect(result.main.log).toMatch(/^::error.*smoke tests failed on agent:2: "GET \/predict"/m);
    await expectNotTouched(agent, result, /Compare the response/);
    expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
  });

  test('while ours is being rolled back is not touched', async () => {
    const agent = await givenAgent();
    const seen = watchEcs(agent);
    deployV3At(agent, 'ecs:StopServiceDeployment');
    const crash = { afterMs: 1_000, exitCode: 3, logs: [] };
    const result = await agent.deploy({ image: agent.world.publish('v2', { crash }) });
    expect(result.main).toMatchObject({ exitCode: 1, outputs: { outcome: 'superseded' } });
    expect(changesIn(seen).at(-1)).toBe('StopServiceDeployment');
    await agent.world.clock.advance(180_000);
    expect(await agent.ask()).toMatchObject({ body: 'v3' });
  });

  test('after ours was done is not touched by post', async () => {
    const agent = await givenAgent();
    const seen = watchEcs(agent);
    const v3 = agent.world.publish('v3', {});
    const image = agent.world.publish('v2', {});
    const afterMain = () => agent.world.aws.foreignDeploy(CLUSTER, SERVICE, v3);
    const { main, post } = await agent.deploy({ image, 'smoke-tests': '- GET /health' }, { afterMain });
    expect([main.exitCode, main.outputs['outcome'], post.exitCode]).toEqual([0, 'deployed', 0]);
    expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    await agent.world.clock.advance(180_000);
    expect(await agent.ask()).toMatchObject({ body: 'v3' });
  });

  test('before ours is waited for, and is what a rollback would restore', async () => {
    const agent = await givenAgent();
    agent.world.aws.foreignDeploy(CLUSTER, SERVICE, agent.world.publish('v3', {}));
    const image = agent.world.publish('v2', { answers: { '/health': { status: 500, body: 'no' } } });
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health: { retry-for: 5s }' });
    expect(main.log).toMatch(/another deployment (\(agent:2\) )?is (PENDING|IN_PROGRESS)/);
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back', revision: 'agent:2' });
    expect(await agent.ask()).toMatchObject({ body: 'v3' });
  });

  test('before ours that never ends refuses ours, with what runs', async () => {
    const agent = await givenAgent({ service: { staging: { deregistrationDelayMs: 3_600_000 } } });
    agent.world.aws.foreignDeploy(CLUSTER, SERVICE, agent.world.publish('v3', {}));
    const seen = watchEcs(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), timeout: '2m' });
    expect(main.outputs).toMatchObject({ outcome: 'refused' });
    expect(main.log).toMatch(
      /^::error.*another deployment is IN_PROGRESS.*Next step: Another deployment is still running/m,
    );
    expect(changesIn(seen)).toEqual([]);
  });
});
