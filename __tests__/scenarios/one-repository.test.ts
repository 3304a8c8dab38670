import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { REGISTRY_HOST } from '../../simulators/azure/azure-cloud.ts';
import { CLOUD_RUN_SERVICE } from '../../simulators/cloud-run-agent.ts';
import { type JsonObject, objectAt, objectsAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { V1 } from './kubernetes-troubles.ts';
import { deploymentOf } from './watch-kubernetes.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const unwell = { answers: { '/health': { status: 500, body: 'no model' } } };

/** An application and its migrations, from one repository. */
interface Case {
  readonly main: string;
  readonly given: () => Promise<Agent>;
  readonly containersOf: (agent: Agent) => Promise<readonly JsonObject[]>;
}

const cases: Readonly<Record<string, Case>> = {
  ecs: {
    main: 'app',
    given: () => {
      const image = `${ECR_HOST}/agent:v1`;
      const app = { name: 'app', image, essential: true, portMappings: [{ containerPort: 8080 }] };
      return givenAgent({ service: { containers: [app, { name: 'migrate', image, essential: false }] } });
    },
    containersOf: async ({ world }) =>
      objectsAt(world.aws.ecs.services[0]!.taskDefinition.document, 'containerDefinitions'),
  },
  'cloud-run': {
    main: 'app',
    given: async () => {
      const agent = await givenCloudRun();
      const { google } = agent.world;
      const template = objectAt(google.look(CLOUD_RUN_SERVICE).config, 'template');
      const [first] = objectsAt(template, 'containers');
      const sidecar = { name: 'migrate', image: first!['image']! };
      google.foreignUpdate(CLOUD_RUN_SERVICE, {
        template: { ...template, containers: [{ ...first, name: 'app' }, sidecar] },
      });
      await agent.world.clock.advance(60_000);
      return agent;
    },
    containersOf: async ({ world }) =>
      objectsAt(objectAt(world.google.look(CLOUD_RUN_SERVICE).config, 'template'), 'containers'),
  },
  'container-apps': {
    main: 'agent',
    given: () =>
      givenApp({ app: { template: { initContainers: [{ name: 'migrate', image: `${REGISTRY_HOST}/agent:v1` }] } } }),
    containersOf: async ({ world }) => {
      const template = objectAt(world.azure.findApp('agent').document, 'properties', 'template');
      return [...objectsAt(template, 'containers'), ...objectsAt(template, 'initContainers')];
    },
  },
  kubernetes: {
    main: 'web',
    given: () => {
      const initContainers = [{ name: 'migrate', image: V1 }];
      return givenKubernetes({ stage: { spec: { template: { spec: { initContainers } } } } });
    },
    containersOf: async (agent) => {
      const spec = objectAt(await deploymentOf(agent as KubernetesAgent), 'spec', 'template', 'spec');
      return [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
    },
  },
};

describe.each(Object.entries(cases))('%s: an application and its migrations', (_, { main, given, containersOf }) => {
  const imagesOf = async (agent: Agent) =>
    Object.fromEntries((await containersOf(agent)).map(({ name, image }) => [String(name), image]));
  const deploy = (agent: Agent, container: string, more: Record<string, string> = {}, behaviour = {}) =>
    agent.deploy({ image: agent.world.publish('v2', behaviour), 'smoke-tests': smokeTests, container, ...more });

  test('one that stays behind is named in a warning, and in the plan', async () => {
    const agent = await given();
    const before = await imagesOf(agent);
    const plan = await deploy(agent, main, { mode: 'plan' });
    expect(plan.main.summary).toMatch(/Warning: container migrate stays on .*agent.*container: all/);
    const { main: step } = await deploy(agent, main);
    expect(step.outputs).toMatchObject({ outcome: 'deployed' });
    expect(step.log.match(/^::warning.*container migrate stays on/gm)).toHaveLength(1);
    const images = await imagesOf(agent);
    expect(images[main]).not.toBe(before[main]);
    expect(images['migrate']).toBe(before['migrate']);
  });

  test('both get it where the input says all', async () => {
    const agent = await given();
    const before = await imagesOf(agent);
    const { main: step } = await deploy(agent, 'all');
    expect(step.outputs).toMatchObject({ outcome: 'deployed' });
    expect(step.log).not.toContain('stays on');
    const images = await imagesOf(agent);
    expect(images[main]).not.toBe(before[main]);
    expect(images['migrate']).toBe(images[main]);
  });

  test('both are as before after a rollback', async () => {
    const agent = await given();
    const before = agent.snapshot();
    const { main: step } = await deploy(agent, `${main}\nmigrate`, {}, unwell);
    expect(step.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
  });
});
