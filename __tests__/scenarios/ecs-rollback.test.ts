import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, REPOSITORY, SERVICE } from '../../simulators/agent-service.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { markersOf } from './ecs-markers.ts';
import { changesIn, watchEcs } from './watch-ecs.ts';

afterEach(closeAgents);

const bad = { answers: { '/health': { status: 500, body: 'no' } } };
const rolling = { 'smoke-tests': '- GET /health: { retry-for: 5s }' };

function deployBad(agent: Agent, inputs: Readonly<Record<string, string>> = {}) {
  return agent.deploy({ image: agent.world.publish('v2', bad), ...rolling, ...inputs });
}

describe('the target of a rollback', () => {
  test.each([{}, { mode: 'plan' }])(
    'that is deregistered is refused before anything is touched (%j)',
    async (inputs) => {
      const agent = await givenAgent();
      agent.world.aws.deregisterTaskDefinition(agent.world.aws.ecs.services[0]!.taskDefinition.arn);
      const { main } = await deployBad(agent, inputs);
      expect(main.outputs['outcome']).toBe('refused');
      expect(main.log).toMatch(
        /^::error.*could not guarantee a rollback of service agent.* to agent:1: agent:1 is deregistered \(INACTIVE\).*Register the task definition again.*`allow-no-rollback: true`/m,
      );
      expect(
        agent.world.edge.calls.filter(({ operation, mutates }) => mutates && operation.startsWith('ecs:')),
      ).toEqual([]);
    },
  );

  test('that is deregistered is gone on without where that is allowed', async () => {
    const agent = await givenAgent();
    agent.world.aws.deregisterTaskDefinition(agent.world.aws.ecs.services[0]!.taskDefinition.arn);
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, ...rolling, 'allow-no-rollback': 'true' });
    expect(main.log).toMatch(/^::warning.*agent:1 is deregistered/m);
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test('whose image a lifecycle rule deleted is refused, with what to do', async () => {
    const agent = await givenAgent();
    agent.world.ecr.forget(REPOSITORY);
    const seen = watchEcs(agent);
    const { main } = await deployBad(agent);
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toMatch(
      /^::error.*could not guarantee a rollback.*its image .*\/agent@sha256:\w+ is not in the registry any more/m,
    );
    expect(changesIn(seen)).toEqual([]);
  });
});

describe('a rollback', () => {
  /** From the update to the previous definition on. */
  function atRestoration(agent: Agent, act: () => void): void {
    let updates = 0;
    agent.world.edge.onCall(({ operation }, when) => {
      if (operation === 'ecs:UpdateService' && when === 'before' && ++updates === 2) act();
    });
  }

  test('is watched: an image of the previous revision that is gone is told in seconds', async () => {
    const agent = await givenAgent();
    atRestoration(agent, () => agent.world.aws.setService(CLUSTER, SERVICE, { pullDenied: true }));
    const { main } = await deployBad(agent);
    expect(main.outputs['outcome']).toBe('rollback-failed');
    expect(main.log).toMatch(
      /agent:1 is being restored and does not start: task \w+ stopped: .*CannotPullContainerError/,
    );
    const said = main.log.split('\n').findIndex((line) => line.includes('does not start'));
    expect(said).toBeGreaterThan(0);
  });

  test('that passes: a previous revision that starts after all is restored', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    atRestoration(agent, () => {
      agent.world.aws.setService(CLUSTER, SERVICE, { pullDenied: true });
      const { clock } = agent.world;
      void clock
        .sleepUntil(clock.now() + 15_000)
        .then(() => agent.world.aws.setService(CLUSTER, SERVICE, { pullDenied: false }));
    });
    const { main } = await deployBad(agent);
    expect(main.outputs['outcome']).toBe('rolled-back');
    await agent.world.clock.advance(600_000);
    expect(agent.snapshot()).toEqual(before);
  });

  test.each([
    'ecs:DescribeServiceDeployments',
    'ecs:ListServiceDeployments',
    'ecs:DescribeServiceRevisions',
    'ecs:TagResource',
    'ecs:ListTasks',
  ])('is requested also where %s is denied from then on', async (action) => {
    const agent = await givenAgent();
    const seen = watchEcs(agent);
    agent.world.edge.onCall(({ operation }, when) => {
      if (operation === 'workload:GET /health' && when === 'after') agent.world.aws.deny(action);
    });
    const { main } = await deployBad(agent, { 'rollback-timeout': '3m' });
    expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService', 'UpdateService']);
    await agent.world.clock.advance(180_000);
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
    expect(main.outputs['outcome']).toMatch(/^(rolled-back|rollback-unconfirmed)$/);
  });

  test('whose update comes a minute late keeps its marker until that can not come any more', async () => {
    const agent = await givenAgent();
    const act = { kind: 'delay', ms: 60_000 } as const;
    agent.world.edge.faults.add({ operation: /^ecs:UpdateService$/, nth: 2, when: 'before', act });
    const { main } = await deployBad(agent);
    expect(main.outputs['outcome']).toBe('rolled-back');
    const at = (operation: string) => agent.world.edge.calls.filter((call) => call.operation === operation);
    expect(at('ecs:UntagResource').at(-1)!.at - at('ecs:UpdateService')[1]!.at).toBeGreaterThanOrEqual(120_000);
    expect(markersOf(agent)).toEqual([]);
  });

  test.each([60_000, 100_000])('catches an update without an answer that takes effect %i ms later', async (ms) => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const act = { kind: 'delay', ms } as const;
    agent.world.edge.faults.add({ operation: /^ecs:UpdateService$/, nth: 1, when: 'before', act });
    // Every try but the late one is refused.
    const refused = {
      kind: 'status',
      status: 400,
      body: JSON.stringify({ __type: 'InvalidParameterException' }),
    } as const;
    for (const nth of [2, 3])
      agent.world.edge.faults.add({ operation: /^ecs:UpdateService$/, nth, when: 'before', act: refused });
    const { main } = await deployBad(agent);
    await agent.world.clock.advance(300_000);
    expect(['rolled-back', 'refused']).toContain(main.outputs['outcome']);
    expect(agent.snapshot()).toEqual(before);
    expect(markersOf(agent)).toEqual([]);
  });
});
