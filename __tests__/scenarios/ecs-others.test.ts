import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { markersOf } from './ecs-markers.ts';
import { changesIn, watchEcs } from './watch-ecs.ts';

afterEach(closeAgents);

const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const rolling = { 'smoke-tests': '- GET /health: { retry-for: 5s }' };

/** Once, at the n-th call of this name. */
function at(agent: Agent, operation: string, act: () => void, { nth = 1, when = 'after' } = {}): void {
  let seen = 0;
  agent.world.edge.onCall((call, moment) => {
    if (call.operation === operation && moment === when && ++seen === nth) act();
  });
}

describe('a tool that re-applies the previous task definition', () => {
  const CALLS = [
    ['right after our update', 'ecs:UpdateService', 1],
    ['while our tasks start', 'ecs:DescribeServices', 8],
    ['in our smoke tests', 'workload:GET /health', 1],
    ['when all is done but the last read', 'ecs:ListServiceDeployments', 5],
  ] as const;

  describe.each([{}, bad])('%j', (behaviour) => {
    test.each(CALLS)('%s supersedes ours, and stays as it is', async (_title, operation, nth) => {
      const agent = await givenAgent();
      const before = agent.snapshot();
      const first = agent.world.aws.ecs.services[0]!.taskDefinition.arn;
      at(agent, operation, () => agent.world.aws.foreignDeploy(CLUSTER, SERVICE, first), { nth });
      const seen = watchEcs(agent);
      const { main } = await agent.deploy({ image: agent.world.publish('v2', behaviour), ...rolling });
      expect(main.outputs['outcome']).toBe('superseded');
      expect(main.log).toMatch(/another user or tool deployed agent:1 again after ours; it was not touched/);
      expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      await agent.world.clock.advance(300_000);
      expect(agent.snapshot()).toEqual(before);
      expect(markersOf(agent)).toEqual([]);
    });
  });

  test('after main was killed: post tells it from its own restoration', async () => {
    const agent = await givenAgent();
    const first = agent.world.aws.ecs.services[0]!.taskDefinition.arn;
    const seen = watchEcs(agent);
    const { post } = await agent.deploy(
      { image: agent.world.publish('v2', {}), ...rolling },
      {
        onMainStart: (child) => at(agent, 'ecs:UpdateService', () => child.kill('SIGKILL')),
        afterMain: () => agent.world.aws.foreignDeploy(CLUSTER, SERVICE, first),
      },
    );
    expect(post.summary).toContain('`superseded`');
    expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
  });
});

describe('another deployment', () => {
  test('right after our update is noticed in seconds, not after `timeout`', async () => {
    const agent = await givenAgent();
    const v9 = agent.world.publish('v9', {});
    at(agent, 'ecs:UpdateService', () => agent.world.aws.foreignDeploy(CLUSTER, SERVICE, v9));
    const begun = agent.world.clock.now();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...rolling, timeout: '20m' });
    expect(main.outputs['outcome']).toBe('superseded');
    expect(agent.world.clock.now() - begun).toBeLessThan(30_000);
  });

  test('that we overwrote is named in the summary, whatever the outcome', async () => {
    for (const [behaviour, outcome] of [
      [{}, 'deployed'],
      [bad, 'rolled-back'],
    ] as const) {
      const agent = await givenAgent();
      const v9 = agent.world.publish('v9', {});
      at(agent, 'ecs:UpdateService', () => agent.world.aws.foreignDeploy(CLUSTER, SERVICE, v9), { when: 'before' });
      const { main } = await agent.deploy({ image: agent.world.publish('v2', behaviour), ...rolling });
      expect(main.outputs['outcome']).toBe(outcome);
      expect(main.summary).toMatch(/agent:3, which another user or run deployed a moment before, was overwritten/);
    }
  });

  test('of the previous definition that we overwrote is named too', async () => {
    const agent = await givenAgent();
    const first = agent.world.aws.ecs.services[0]!.taskDefinition.arn;
    at(agent, 'ecs:UpdateService', () => agent.world.aws.foreignDeploy(CLUSTER, SERVICE, first), { when: 'before' });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...rolling });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.summary).toMatch(/agent:1, which another user or run deployed a moment before, was overwritten/);
  });

  test('that begins between our two reads is waited for, and is what ours starts from', async () => {
    const agent = await givenAgent();
    const v9 = agent.world.publish('v9', {});
    let isFree = false;
    at(agent, 'ecs:DescribeServiceDeployments', () => (isFree = true));
    agent.world.edge.onCall(({ operation }, when) => {
      if (!isFree || operation !== 'ecs:DescribeServices' || when !== 'after') return;
      isFree = false;
      agent.world.aws.foreignDeploy(CLUSTER, SERVICE, v9);
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...rolling });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back', revision: 'agent:2' });
    expect(await agent.ask()).toMatchObject({ body: 'v9' });
    expect(markersOf(agent)).toEqual([]);
  });
});
