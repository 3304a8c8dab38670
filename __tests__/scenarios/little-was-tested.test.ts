import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';

afterEach(closeAgents);

type Given = () => Promise<Agent>;
const split: readonly (readonly [string, Given])[] = [
  ['Cloud Run', givenCloudRun],
  ['Container Apps', givenApp],
  ['Kubernetes', givenKubernetes],
];

describe('a share without a duration', () => {
  const deploy = async (given: Given, steps: string, behaviour = {}) => {
    const agent = await given();
    const before = agent.snapshot();
    const startedAt = agent.world.clock.now();
    const image = agent.world.publish('v2', behaviour);
    const smokeTests = { 'smoke-tests': '- GET /health: { retry-for: 5s }' };
    const { main } = await agent.deploy({ image, strategy: 'canary', steps, ...smokeTests });
    return { main, agent, before, ms: agent.world.clock.now() - startedAt };
  };

  test.each(split)('%s: is analyzed for a minute', async (_, given) => {
    const bare = await deploy(given, '50%');
    const explicit = await deploy(given, '50% for 0s');
    expect([bare, explicit].map(({ main }) => main.outputs['outcome'])).toEqual(['deployed', 'deployed']);
    expect(bare.ms - explicit.ms).toBeGreaterThanOrEqual(55_000);
  });

  test.each(split)('%s: what becomes unhealthy within that minute is rolled back', async (_, given) => {
    const { main, agent, before } = await deploy(given, '50%', { unhealthyAfterMs: 45_000 });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });
});

test.each([['Amazon ECS', givenAgent] as const, ...split])(
  '%s: a run without smoke tests says once what was not checked',
  async (_, given) => {
    const agent = await given();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log.match(/^::warning.*only the health status of the platform is checked/gm)).toHaveLength(1);
  },
);
