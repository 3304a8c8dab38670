import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import { CLOUD_RUN_SERVICE } from '../../simulators/cloud-run-agent.ts';
import { APP } from '../../simulators/container-apps-agent.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const FOUR_MINUTES_MS = 240_000;

/** Calls of the whole step, without those of registries. */
async function countCalls(agent: Agent): Promise<number> {
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
  expect(main.outputs['outcome']).toBe('deployed');
  return agent.world.edge.calls.filter(({ operation }) => !operation.startsWith('registry:')).length;
}

/** `most`: about thirty of each are no waiting. With several calls a look it was 198 and 243; see docs/performance.md. */
test.each([
  {
    target: 'ecs',
    most: 110,
    async open() {
      const agent = await givenAgent();
      agent.world.aws.setService(CLUSTER, SERVICE, { deregistrationDelayMs: FOUR_MINUTES_MS });
      return agent;
    },
  },
  {
    target: 'cloud-run',
    most: 130,
    async open() {
      const agent = await givenCloudRun();
      agent.world.google.setService(CLOUD_RUN_SERVICE, { pullMs: FOUR_MINUTES_MS });
      return agent;
    },
  },
  {
    target: 'container-apps',
    most: 150,
    async open() {
      const agent = await givenApp();
      agent.world.azure.setApp(APP, { pullMs: FOUR_MINUTES_MS });
      return agent;
    },
  },
])('a rollout of four minutes on $target takes at most $most calls', async ({ open, most }) => {
  expect(await countCalls(await open())).toBeLessThanOrEqual(most);
});
