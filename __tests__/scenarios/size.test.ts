import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import { CLOUD_RUN_SERVICE, seedImage } from '../../simulators/cloud-run-agent.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { withContainer } from './kubernetes-troubles.ts';

afterEach(closeAgents);

async function givenSizedCloudRun(): Promise<Agent> {
  const agent = await givenCloudRun();
  const limits = { cpu: '1000m', memory: '512Mi' };
  const containers = [{ image: seedImage(agent.world, 'v1'), resources: { limits } }];
  agent.world.google.foreignUpdate(CLOUD_RUN_SERVICE, { template: { containers } });
  await agent.world.clock.advance(60_000);
  return agent;
}

const requests = { cpu: '250m', memory: '64Mi' };

test.each<[string, () => Promise<Agent>, string]>([
  ['Amazon ECS', givenAgent, '0.25 vCPU, 512 MiB'],
  ['Google Cloud Run', givenSizedCloudRun, '1 vCPU, 512 MiB'],
  ['Azure Container Apps', givenApp, '0.5 vCPU, 1 GiB'],
  ['Kubernetes', () => givenKubernetes({ stage: withContainer({ resources: { requests } }) }), '0.25 vCPU, 64 MiB'],
])('the summary and the report of a deployment on %s say what an instance gets', async (_, given, size) => {
  const agent = await given();
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
  expect(main.outputs['outcome']).toBe('deployed');
  expect(main.summary).toContain(`| Size | \`${size}\` | \`${size}\` |`);
});

test('what changes by another base is there before and now, also in a plan', async () => {
  const agent = await givenAgent();
  agent.world.aws.foreignTaskDefinition(CLUSTER, SERVICE, { cpu: '1024', memory: '3072' });
  const inputs = { image: agent.world.publish('v2', {}), base: 'latest' };
  const planned = await agent.deploy({ ...inputs, mode: 'plan' });
  expect(planned.main.log).toContain('Would change: size 0.25 vCPU, 512 MiB -> 1 vCPU, 3 GiB');
  const { main } = await agent.deploy(inputs);
  expect(main.summary).toContain('| Size | `0.25 vCPU, 512 MiB` | `1 vCPU, 3 GiB` |');
});

test('nothing is said of what no one has set', async () => {
  const agent = await givenKubernetes();
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
  expect(main.outputs['outcome']).toBe('deployed');
  expect(main.summary).not.toContain('| Size |');
});
