import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { markersOf } from './ecs-markers.ts';
import { loseRunner } from './lose-runner.ts';
import { changesIn, watchEcs } from './watch-ecs.ts';

afterEach(closeAgents);

const rolling = { 'smoke-tests': '- GET /health: { retry-for: 5s }' };
const crash = { crash: { afterMs: 1_000, exitCode: 3, logs: [] } };
const PLACEHOLDER = `${ECR_HOST}/agent:placeholder`;

/** Everything that the next run does in this time is no waiting for a `timeout`. */
const SECONDS = 150_000;

async function deployFix(agent: Agent, inputs: Readonly<Record<string, string>> = {}) {
  const begun = agent.world.clock.now();
  const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...rolling, ...inputs });
  return { main, tookMs: agent.world.clock.now() - begun };
}

describe('a rollout of this action that can’t end', () => {
  test('as `on-failure: keep` left it in a crash loop: the fix replaces it, and says so', async () => {
    const agent = await givenAgent();
    const kept = await agent.deploy({ image: agent.world.publish('v2', crash), ...rolling, 'on-failure': 'keep' });
    expect(kept.main.outputs['outcome']).toBe('kept');
    const { main, tookMs } = await deployFix(agent);
    expect(main.log).toMatch(
      /another deployment is IN_PROGRESS, since .*: task \w+ stopped: EssentialContainerExited.*This deployment replaces it/,
    );
    expect(main.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': 'agent:1' });
    expect(tookMs).toBeLessThan(SECONDS);
    expect(await agent.ask()).toMatchObject({ body: 'v3' });
  });

  test('is not what a failing fix is rolled back to', async () => {
    const agent = await givenAgent();
    await agent.deploy({ image: agent.world.publish('v2', crash), ...rolling, 'on-failure': 'keep' });
    const { main } = await agent.deploy({ image: agent.world.publish('v3', crash), ...rolling });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back', revision: 'agent:1' });
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
  });

  test('is left alone with `on-stuck: fail`', async () => {
    const agent = await givenAgent();
    await agent.deploy({ image: agent.world.publish('v2', crash), ...rolling, 'on-failure': 'keep' });
    const seen = watchEcs(agent);
    const { main } = await deployFix(agent, { 'on-stuck': 'fail' });
    expect(main.outputs['outcome']).toBe('refused');
    expect(changesIn(seen)).toEqual([]);
  });

  test('as a restoration whose runner is lost, of an image that is gone: it is replaced, once that is allowed', async () => {
    const agent = await givenAgent();
    const bad = { answers: { '/health': { status: 500, body: 'no' } } };
    const image = agent.world.publish('v2', bad);
    agent.world.edge.onCall(({ operation }, when) => {
      const isRestoration = agent.world.aws.ecs.services[0]!.records.length === 3;
      if (operation === 'ecs:UpdateService' && when === 'after' && isRestoration)
        agent.world.aws.setService(CLUSTER, SERVICE, { pullDenied: true });
    });
    await loseRunner(agent, { image, ...rolling }, { operation: /^ecs:UpdateService$/, nth: 2 });
    expect(markersOf(agent)).toEqual(['restoring']);
    await agent.world.clock.advance(30 * 60_000);
    agent.world.aws.setService(CLUSTER, SERVICE, { pullDenied: false });
    const seen = watchEcs(agent);
    const { main, tookMs } = await deployFix(agent);
    expect(main.log).toMatch(/CannotPullContainerError.*This deployment replaces it/);
    // Not agent:2, which ECS calls SUCCESSFUL and which failed its smoke tests.
    expect(main.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': 'agent:1' });
    expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    expect(tookMs).toBeLessThan(SECONDS);
    expect(markersOf(agent)).toEqual([]);
  });
});

describe('another user’s rollout that can’t end', () => {
  test.each([
    ['a crash loop', (agent: Agent) => agent.world.publish('v9', crash), /EssentialContainerExited/],
    ['an image that does not exist', () => PLACEHOLDER, /CannotPullContainerError/],
  ])('%s: refused in seconds, with the reason and the input; replaced where that says so', async (_, publish, why) => {
    const agent = await givenAgent();
    agent.world.aws.foreignDeploy(CLUSTER, SERVICE, publish(agent));
    const { main, tookMs } = await deployFix(agent);
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toMatch(/^::error.*another rollout can't end by itself: another deployment is IN_PROGRESS/m);
    expect(main.log).toMatch(why);
    expect(main.log).toMatch(/^::error.*Next step: Set `on-stuck: replace`/m);
    expect(tookMs).toBeLessThan(SECONDS);
    const plan = await deployFix(agent, { mode: 'plan' });
    expect(plan.main.summary).toMatch(/refused, unless .*on-stuck: replace.* is set/);
    const second = await deployFix(agent, { 'on-stuck': 'replace' });
    expect(second.main.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': 'agent:1' });
    expect(await agent.ask()).toMatchObject({ body: 'v3' });
  });

  test('a new service’s placeholder image: replaced, although there is nothing to roll back to', async () => {
    const agent = await givenAgent({ service: { isNew: true, staging: { pullDenied: true } } });
    await agent.world.clock.advance(120_000);
    agent.world.aws.setService(CLUSTER, SERVICE, { pullDenied: false });
    const { main } = await deployFix(agent, { 'on-stuck': 'replace' });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(await agent.ask()).toMatchObject({ body: 'v3' });
  });

  test('is waited for where the circuit breaker ends it', async () => {
    const agent = await givenAgent({ service: { circuitBreaker: { enable: true, rollback: true } } });
    agent.world.aws.foreignDeploy(CLUSTER, SERVICE, agent.world.publish('v9', crash));
    const { main } = await deployFix(agent);
    expect(main.log).not.toMatch(/can't end/);
    expect(main.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': 'agent:1' });
  });
});
