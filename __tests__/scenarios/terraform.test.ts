import { afterEach, describe, expect, test } from '@jest/globals';
import { CLUSTER, SERVICE as ECS_SERVICE } from '../../simulators/agent-service.ts';
import { CLOUD_RUN_SERVICE } from '../../simulators/cloud-run-agent.ts';
import { isSame, type Json, type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import { DEPLOYMENT, paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { deploymentOf } from './watch-kubernetes.ts';

afterEach(closeAgents);

/** What a provider reads of a resource, by its own names; `undefined`: nothing is set. */
type Attributes = Readonly<Record<string, Json | undefined>>;

/** The plan of an apply: what differs from the configuration and isn't ignored. */
function planOf(wanted: Attributes, live: Attributes, ignored: readonly string[] = []): readonly string[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(live)])].sort();
  return names.filter((name) => !ignored.includes(name) && !isSame(wanted[name] ?? null, live[name] ?? null));
}

const smokeTests = '- GET /health: { retry-for: 5s }';

// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_service
describe('Amazon ECS: aws_ecs_service, after a deploy', () => {
  test('with ignore_changes on task_definition: no diff but what it changes, and the image stays', async () => {
    const { agent, wanted, read, version } = await givenDeployed();
    const ignored = ['task_definition'];
    expect(planOf(wanted, read(), ignored)).toEqual([]);
    const changed = { ...wanted, desired_count: 3 };
    expect(planOf(changed, read(), ignored)).toEqual(['desired_count']);
    agent.world.aws.setService(CLUSTER, ECS_SERVICE, { desiredCount: 3 });
    await agent.world.clock.advance(120_000);
    expect(planOf(changed, read(), ignored)).toEqual([]);
    expect(await version()).toBe('v2');
    expect((await agent.deploy({ image: `ghcr.io/acme/agent:v2` })).main.outputs['outcome']).toBe('unchanged');
  });

  test('without it: the apply deploys its own task definition, as the guide says, and the next deploy starts from that', async () => {
    const { agent, wanted, read, version } = await givenDeployed();
    expect(planOf(wanted, read())).toEqual(['task_definition']);
    agent.world.aws.foreignDeploy(CLUSTER, ECS_SERVICE, String(wanted['task_definition']));
    await agent.world.clock.advance(300_000);
    expect(await version()).toBe('v1');
    expect((await agent.deploy({ image: 'ghcr.io/acme/agent:v2' })).main.outputs['outcome']).toBe('deployed');
    expect(await version()).toBe('v2');
  });

  async function givenDeployed() {
    const agent = await givenAgent();
    const service = agent.world.aws.ecs.services[0]!;
    const read = (): Attributes => ({
      desired_count: service.desiredCount,
      task_definition: service.taskDefinition.arn,
      tags: service.tags,
      deployment_maximum_percent: service.deploymentConfiguration['maximumPercent'],
    });
    const wanted = read();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
    expect(main.outputs['outcome']).toBe('deployed');
    const version = async () => (await agent.ask()).body;
    return { agent, wanted, read, version };
  }
});

// https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/cloud_run_v2_service
describe('Cloud Run: google_cloud_run_v2_service, after a deploy', () => {
  const ignored = ['image'];

  test.each([
    { ignores: 'the image', strategy: 'rolling' },
    { ignores: 'the image', strategy: 'canary', steps: '50% for 30s' },
    { ignores: 'the image and the name', strategy: 'rolling' },
  ])(
    'with ignore_changes on $ignores ($strategy): no diff but what it changes, no conflict, and no revision of its own',
    async ({ ignores, ...inputs }) => {
      const { agent, wanted, read, apply, revisions } = await givenDeployed(inputs);
      const ignoring = ignores === 'the image' ? ignored : [...ignored, 'revision'];
      expect([planOf(wanted, read(), ignoring), revisions()]).toEqual([[], 2]);
      const changed = { ...wanted, memory: '1Gi' };
      expect(planOf(changed, read(), ignoring)).toEqual(['memory']);
      // Terraform sends what is ignored as it is.
      await apply({ ...changed, ...Object.fromEntries(ignoring.map((name) => [name, read()[name]])) });
      expect(planOf(changed, read(), ignoring)).toEqual([]);
      expect((await agent.ask()).body).toBe('v2');
      expect((await agent.deploy({ image: 'ghcr.io/acme/agent:v2' })).main.outputs['outcome']).toBe('unchanged');
      const next = { image: agent.world.publish('v3', {}), ...inputs, 'smoke-tests': smokeTests };
      expect((await agent.deploy(next)).main.outputs['outcome']).toBe('deployed');
      expect([planOf(changed, read(), ignoring), revisions(), (await agent.ask()).body]).toEqual([[], 4, 'v3']);
    },
  );

  // https://github.com/hashicorp/terraform-provider-google/issues/14569
  test('after a rollback the name of the previous revision is a diff, until an apply or the next deploy', async () => {
    const { agent, wanted, read, apply, revisions } = await givenDeployed({ strategy: 'rolling' });
    const bad = agent.world.publish('v3', { answers: { '/health': { status: 500, body: 'no' } } });
    const fail = async () => {
      const { main } = await agent.deploy({ image: bad, 'smoke-tests': smokeTests });
      expect(main.outputs['outcome']).toBe('rolled-back');
      expect(planOf(wanted, read(), ignored)).toEqual(['revision']);
      expect((await agent.ask()).body).toBe('v2');
    };
    await fail();
    // Only v3 was made: what is restored was tested.
    expect(revisions()).toBe(3);
    const { image, revision } = read();
    await expect(apply({ ...wanted, image, revision, memory: '1Gi' })).rejects.toThrow(/already exists/);
    await apply({ ...wanted, image });
    expect([planOf(wanted, read(), ignored), (await agent.ask()).body]).toEqual([[], 'v2']);
    await fail();
    const { main } = await agent.deploy({ image: agent.world.publish('v4', {}), 'smoke-tests': smokeTests });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(planOf(wanted, read(), ignored)).toEqual([]);
  });

  async function givenDeployed(inputs: Readonly<Record<string, string>>) {
    const agent = await givenCloudRun();
    const template = () => objectAt(agent.world.google.look(CLOUD_RUN_SERVICE).config, 'template');
    const container = () => objectsAt(template(), 'containers')[0]!;
    const read = (): Attributes => ({
      revision: template()['revision'],
      image: container()['image'],
      memory: objectAt(container(), 'resources', 'limits')['memory'],
      env: container()['env'],
      template_annotations: template()['annotations'],
      template_labels: template()['labels'],
      service_account: template()['serviceAccount'],
      traffic: agent.world.google.look(CLOUD_RUN_SERVICE).config['traffic'],
    });
    const apply = async ({ image, revision, memory, env, traffic }: Attributes) => {
      const { revision: _, ...rest } = template();
      const resources = { limits: { ...objectAt(container(), 'resources', 'limits'), memory } };
      const containers = [{ ...container(), image, resources, ...(env ? { env } : {}) }];
      const named = revision ? { revision } : {};
      agent.world.google.foreignUpdate(CLOUD_RUN_SERVICE, {
        template: { ...rest, ...named, containers },
        traffic: traffic ?? [],
      });
      await agent.world.clock.advance(60_000);
    };
    const wanted = read();
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, ...inputs });
    expect(main.outputs['outcome']).toBe('deployed');
    const revisions = () => agent.world.google.look(CLOUD_RUN_SERVICE).revisions.length;
    return { agent, wanted, read, apply, revisions };
  }
});

// https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/container_app
describe('Container Apps: azurerm_container_app, after a deploy', () => {
  test.each(['Single', 'Multiple'] as const)(
    'with ignore_changes on the image (%s mode): no diff but what it changes, and the image stays',
    async (mode) => {
      const agent = await givenApp({ app: { mode } });
      const document = () => agent.world.azure.findApp('agent').document;
      const container = () => objectsAt(document(), 'properties', 'template', 'containers')[0]!;
      const read = (): Attributes => ({
        image: container()['image'],
        env: container()['env'],
        max_replicas: objectAt(document(), 'properties', 'template', 'scale')['maxReplicas'],
        revision_mode: objectAt(document(), 'properties', 'configuration')['activeRevisionsMode'],
        traffic_weight: objectAt(document(), 'properties', 'configuration', 'ingress')['traffic'],
        tags: document()['tags'] ?? {},
      });
      const wanted = read();
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
      expect(main.outputs['outcome']).toBe('deployed');
      expect(planOf(wanted, read(), ['image'])).toEqual([]);
      const changed = { ...wanted, max_replicas: 5 };
      expect(planOf(changed, read(), ['image'])).toEqual(['max_replicas']);
      // The provider sends a suffix only where the configuration changes it; a PUT without one has a new one chosen.
      agent.world.azure.foreignChange('agent', {
        properties: { template: { revisionSuffix: null, scale: { maxReplicas: 5 } } },
      });
      await agent.world.clock.advance(120_000);
      expect(planOf(changed, read(), ['image'])).toEqual([]);
      expect(agent.world.azure.findApp('agent').provisioningState).toBe('Succeeded');
      expect((await agent.ask()).body).toBe('v2');
    },
  );

  // https://github.com/microsoft/azure-container-apps/issues/650
  test('a tool that echoes the suffix of the revision is refused, as the guide says', async () => {
    const agent = await givenApp();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
    expect(main.outputs['outcome']).toBe('deployed');
    agent.world.azure.foreignChange('agent', { properties: { template: { scale: { maxReplicas: 5 } } } });
    await agent.world.clock.advance(120_000);
    expect(agent.world.azure.findApp('agent').provisioningState).toBe('Failed');
    expect((await agent.ask()).body).toBe('v2');
  });
});

// https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs/resources/deployment_v1
describe('Kubernetes: after a deploy', () => {
  const ANNOTATION = 'deploy-agent.dev/change';

  test('kubernetes_deployment_v1 with ignore_changes on the image: our annotation is the only other diff', async () => {
    const agent = await givenKubernetes();
    const read = async (): Promise<Attributes> => {
      const object = await deploymentOf(agent);
      const [container] = objectsAt(object, 'spec', 'template', 'spec', 'containers');
      return {
        image: container!['image'],
        env: container!['env'],
        replicas: objectAt(object, 'spec')['replicas'],
        revision_history_limit: objectAt(object, 'spec')['revisionHistoryLimit'],
        template_annotations: objectAt(object, 'spec', 'template', 'metadata')['annotations'],
        ...ownAnnotations(object),
      };
    };
    const wanted = await read();
    await deploy(agent);
    expect(planOf(wanted, await read(), ['image'])).toEqual([ANNOTATION]);
    const ignored = ['image', ANNOTATION];
    const changed = { ...wanted, replicas: 4 };
    expect(planOf(changed, await read(), ignored)).toEqual(['replicas']);
    await agent.stage.expect(`${paths.deployment()}?fieldManager=HashiCorp`, {
      method: 'PATCH',
      patch: 'json-patch+json',
      body: [{ op: 'replace', path: '/spec/replicas', value: 4 }],
    });
    await agent.stage.pass(30_000);
    expect(planOf(changed, await read(), ignored)).toEqual([]);
    expect((await agent.ask()).body).toBe('v2');
  });

  test('kubernetes_manifest, a server-side apply: without the image no conflict, with another one a conflict that names us', async () => {
    const agent = await givenKubernetes();
    await deploy(agent);
    const apply = (containers: readonly JsonObject[]) =>
      agent.stage.api(`${paths.deployment()}?fieldManager=Terraform`, {
        method: 'PATCH',
        patch: 'apply-patch+yaml',
        body: {
          ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: DEPLOYMENT } },
          spec: { minReadySeconds: 2, template: { spec: { containers } } },
        },
      });
    const withImage = await apply([{ name: DEPLOYMENT, image: 'ghcr.io/acme/agent:v1' }]);
    expect([withImage.status, withImage.text]).toEqual([
      409,
      expect.stringContaining('conflict with \\"deploy-agent\\"'),
    ]);
    expect((await apply([])).status).toBe(200);
    await agent.stage.pass(30_000);
    expect(objectAt(await deploymentOf(agent), 'spec')['minReadySeconds']).toBe(2);
    expect((await agent.ask()).body).toBe('v2');
  });

  async function deploy(agent: Awaited<ReturnType<typeof givenKubernetes>>) {
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.outputs['outcome']).toBe('deployed');
  }

  /** The provider leaves out what is Kubernetes' own. */
  function ownAnnotations(object: JsonObject): Attributes {
    const entries = Object.entries(objectAt(object, 'metadata', 'annotations'));
    return Object.fromEntries(
      entries.filter(([name]) => !textAt({ name }, 'name').split('/')[0]!.endsWith('kubernetes.io')),
    );
  }
});
