import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { markersOf, withoutMarkers } from './ecs-markers.ts';

afterEach(closeAgents);

const crash = { crash: { afterMs: 1_000, exitCode: 3, logs: ['KeyError'] } };
const breaker = { circuitBreaker: { enable: true, rollback: true } };

/** From now on AWS uses a word that this code does not know. Counts how often it did. */
function renameInAnswers(agent: Agent, operation: RegExp, [from, to]: readonly [string, string]) {
  const said = { times: 0 };
  const edit = (body: string): string => {
    if (body.includes(from)) said.times++;
    return body.replaceAll(from, to);
  };
  agent.world.edge.faults.add({ operation, when: 'after', act: { kind: 'rewrite', edit } });
  return said;
}

function deployV2(agent: Agent, behaviour: object = {}, inputs: Record<string, string> = {}) {
  const image = agent.world.publish('v2', behaviour);
  return agent.deploy({ image, 'smoke-tests': '- GET /health: { retry-for: 5s }', ...inputs });
}

const DEPLOYMENTS = /^ecs:(List|Describe)ServiceDeployments$/;

describe('a word that AWS added yesterday', () => {
  test.each([
    ['service deployment status', DEPLOYMENTS, '"IN_PROGRESS"', '"WARMING_UP"', /\(WARMING_UP\)/],
    ['rollout state', /^ecs:DescribeServices$/, '"COMPLETED"', '"FINALIZED"', /live now: agent:1/],
    ['deployment strategy', /^ecs:/, '"ROLLING"', '"ROLLING_WAVES"', /live now: agent:1/],
    ['deployment controller', /^ecs:DescribeServices$/, '{"type":"ECS"}', '{"type":"ECS_2"}', /live now: agent:1/],
    ['service status', /^ecs:DescribeServices$/, '"status":"ACTIVE"', '"status":"THRIVING"', /live now: agent:1/],
    ['scheduling strategy', /^ecs:DescribeServices$/, '"REPLICA"', '"SWARM"', /live now: agent:1/],
  ] as const)('as a %s does not end a good deploy', async (_what, operation, from, to, says) => {
    const agent = await givenAgent();
    const said = renameInAnswers(agent, operation, [from, to]);
    const { main } = await deployV2(agent);
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed', revision: 'agent:2' } });
    expect(main.log).toMatch(says);
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
    expect(said.times).toBeGreaterThan(0);
  });

  test('as the lifecycle stage of a deployment is shown', async () => {
    const agent = await givenAgent();
    const [from, to] = ['"status":"IN_PROGRESS"', '"status":"IN_PROGRESS","lifecycleStage":"POLISHING"'];
    renameInAnswers(agent, /^ecs:DescribeServiceDeployments$/, [from, to]);
    const { main } = await deployV2(agent);
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(main.log).toMatch(/new tasks running.*\(IN_PROGRESS, POLISHING\)/);
  });

  test('as the final status of a deployment ends as a time-out that shows it, and everything is rolled back', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const said = renameInAnswers(agent, DEPLOYMENTS, ['"SUCCESSFUL"', '"ACCOMPLISHED"']);
    // The deployment that was there before ours has it too, so the service counts as busy.
    const { main } = await deployV2(agent, {}, { timeout: '3m' });
    expect(said.times).toBeGreaterThan(0);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/^::error.*ACCOMPLISHED/m);
    expect(agent.snapshot()).toEqual(before);
  });

  test('as the final status of ours only: not seen to succeed, so it is rolled back', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    let said: { times: number } | null = null;
    agent.world.edge.onCall(({ operation }, when) => {
      if (said || operation !== 'ecs:UpdateService' || when !== 'after') return;
      said = renameInAnswers(agent, DEPLOYMENTS, ['"SUCCESSFUL"', '"ACCOMPLISHED"']);
    });
    const { main } = await deployV2(agent, {}, { timeout: '3m', 'rollback-timeout': '5m' });
    expect(said!.times).toBeGreaterThan(0);
    expect(main.exitCode).toBe(1);
    expect(main.log).toMatch(/^::error.*last seen: 2 of 2 new tasks running \(ACCOMPLISHED\)/m);
    expect(main.outputs['outcome']).toBe('rollback-unconfirmed');
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
    // As its end was not seen, the marker stays, and the next run takes over.
    expect(markersOf(agent)).toEqual(['restoring']);
    expect(withoutMarkers(agent.snapshot())).toEqual(before);
  });

  test('as a stop code is shown, and the crash loop is still red in seconds', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const begun = agent.world.clock.now();
    const said = renameInAnswers(agent, /^ecs:DescribeTasks$/, ['"EssentialContainerExited"', '"ContainerFaulted"']);
    const { main } = await deployV2(agent, crash);
    expect(said.times).toBeGreaterThan(0);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/^::error.*stopped: ContainerFaulted, .*container app exit code 3/m);
    expect(agent.world.clock.now() - begun).toBeLessThan(90_000);
    expect(agent.snapshot()).toEqual(before);
  });

  test('as the status of a rollback by the platform does not make it green', async () => {
    const agent = await givenAgent({ service: { ...breaker, desiredCount: 6 } });
    const before = agent.snapshot();
    const said = renameInAnswers(agent, DEPLOYMENTS, ['"ROLLBACK_IN_PROGRESS"', '"ROLLBACK_DRAINING"']);
    const { main } = await deployV2(agent, crash);
    expect(said.times).toBeGreaterThan(0);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/ROLLBACK_DRAINING/);
    expect(agent.snapshot()).toEqual(before);
  });
});
