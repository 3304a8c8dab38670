import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

/** Terraform has registered two more revisions of the family, and deregistered the newest again. */
async function givenRegistered(): Promise<Agent> {
  const agent = await givenAgent();
  const { aws } = agent.world;
  aws.foreignTaskDefinition(CLUSTER, SERVICE, { memory: '4096' });
  aws.deregisterTaskDefinition(aws.foreignTaskDefinition(CLUSTER, SERVICE, { memory: '8192' }));
  return agent;
}

function memoryOf(agent: Agent): unknown {
  return agent.world.aws.ecs.services[0]!.taskDefinition.document['memory'];
}

test.each([{}, { base: 'serving' }])(
  'a deploy starts from the live task definition, whatever was registered since: %j',
  async (inputs) => {
    const agent = await givenRegistered();
    const before = memoryOf(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(memoryOf(agent)).toEqual(before);
    expect(main.log).not.toContain('memory changed');
  },
);

test('base: latest takes the newest ACTIVE revision of the family, and says what differs from the live one', async () => {
  const agent = await givenRegistered();
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), base: 'latest' });
  expect(main.outputs['outcome']).toBe('deployed');
  expect(memoryOf(agent)).toBe('4096');
  expect(main.log).toContain('memory changed');
});

test('base: latest with a live definition that has the image already is not "unchanged"', async () => {
  const agent = await givenAgent();
  const image = agent.world.publish('v2', {});
  await agent.deploy({ image });
  agent.world.aws.foreignTaskDefinition(CLUSTER, SERVICE, { memory: '4096' });
  const { main } = await agent.deploy({ image, base: 'latest' });
  expect(main.outputs['outcome']).toBe('deployed');
  expect(memoryOf(agent)).toBe('4096');
});
