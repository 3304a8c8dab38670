import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import type { JsonObject } from '../../simulators/json.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { changesIn, watchEcs } from './watch-ecs.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const unwell = { answers: { '/health': { status: 500, body: 'no model' } } };
const failsOnce = /^::error.*/m;

describe('a service whose desired count is 0', () => {
  test('is refused, as nothing would be measured', async () => {
    const agent = await givenAgent({ service: { desiredCount: 0 } });
    const before = agent.snapshot();
    const seen = watchEcs(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/^::error.*desired count is 0.*Next step: Scale it up .*--desired-count 1/m);
    expect(changesIn(seen)).toEqual([]);
    expect(agent.snapshot()).toEqual(before);
  });

  test('is deployed on request, and said not to be measured; a smoke test would have nothing to ask', async () => {
    const agent = await givenAgent({ service: { desiredCount: 0 } });
    const inputs = { 'smoke-tests': smokeTests, 'allow-empty': 'true' };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed', revision: 'agent:2' } });
    expect(main.log.match(/^::warning.*desired count is 0: nothing runs, so nothing is tested/gm)).toHaveLength(1);
    const again = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(again.main.outputs).toMatchObject({ outcome: 'unchanged' });
  });

  test('that was scaled down during the rollout is not deployed', async () => {
    const agent = await givenAgent();
    agent.world.edge.onCall(({ operation }, when) => {
      if (operation !== 'ecs:UpdateService' || when !== 'after') return;
      agent.world.aws.setService(CLUSTER, SERVICE, { desiredCount: 0 });
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back', revision: 'agent:1' } });
    expect(main.log).toMatch(/^::error.*scaled to 0 meanwhile/m);
  });
});

describe('percentages that let ECS neither stop nor start a task', () => {
  test.each(['deploy', 'plan'])('are refused with the numbers, before anything is sent (mode: %s)', async (mode) => {
    const agent = await givenAgent({ service: { desiredCount: 1, minimumHealthyPercent: 100, maximumPercent: 134 } });
    const seen = watchEcs(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), mode });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(
      /^::error.*with 1 task, minimumHealthyPercent 100 keeps 1 running and maximumPercent 134 allows 1.*Next step: Raise/m,
    );
    expect(changesIn(seen)).toEqual([]);
  });

  test('that come during the rollout end it at the platform’s own event', async () => {
    const agent = await givenAgent({ service: { desiredCount: 1 } });
    agent.world.edge.onCall(({ operation }, when) => {
      if (operation !== 'ecs:UpdateService' || when !== 'before') return;
      const deploymentConfiguration = { minimumHealthyPercent: 100, maximumPercent: 134 };
      agent.world.aws.setService(CLUSTER, SERVICE, { deploymentConfiguration });
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.log).toMatch(
      /^::error.*unable to stop or start tasks during a deployment.*Next step: Raise maximumPercent/m,
    );
  });
});

describe('more tasks than the desired ones', () => {
  test('run while AWS rebalances zones: the same image is unchanged', async () => {
    const agent = await givenAgent({ service: { staging: { surplus: 1 } } });
    const { main } = await agent.deploy({ image: agent.world.publish('v1', {}) });
    expect(main.outputs).toMatchObject({ outcome: 'unchanged' });
  });
});

describe('old tasks that are protected from scale-in', () => {
  const protect = (agent: Agent) => {
    const since = agent.world.clock.now();
    const protection = { since, until: since + 48 * 3_600_000 };
    agent.world.aws.setService(CLUSTER, SERVICE, { protection });
  };

  test('keep the rollout open for hours: the new revision serves beside them, and a warning says so', async () => {
    const agent = await givenAgent();
    protect(agent);
    const startedAt = agent.world.clock.now();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed', revision: 'agent:2' } });
    expect(agent.world.clock.now() - startedAt).toBeLessThan(12 * 60_000);
    expect(
      main.log.match(/^::warning.*2 old tasks are protected from scale-in, until \d{4}-.*serves beside them/gm),
    ).toHaveLength(1);
  });

  test('are rolled back from like any others', async () => {
    const agent = await givenAgent();
    protect(agent);
    const crashes = { crash: { afterMs: 1_000, exitCode: 3, logs: [] } };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', crashes), 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
  });
});

describe('a deployment controller that is not ECS', () => {
  test.each([
    ['CODE_DEPLOY', /migrate-codedeploy-to-ecs-bluegreen/],
    ['EXTERNAL', /deployment-type-external/],
  ] as const)('%s is refused with a pointer, before anything is copied', async (deploymentController, pointer) => {
    const agent = await givenAgent({ service: { deploymentController } });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    const annotation = failsOnce.exec(main.log)?.[0] ?? '';
    expect(annotation).toContain(`its deployment controller is ${deploymentController}`);
    expect(annotation).toMatch(pointer);
    expect(agent.world.edge.calls.filter(({ mutates }) => mutates)).toEqual([]);
  });
});

describe('a DAEMON service', () => {
  test('is deployed to without a desired count', async () => {
    const agent = await givenAgent({ service: { schedulingStrategy: 'DAEMON' } });
    const seen = watchEcs(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
    const update = seen.find(({ operation }) => operation === 'UpdateService');
    expect(Object.keys(update!.request).sort()).toEqual(['cluster', 'service', 'taskDefinition']);
  });

  test('is rolled back like any other', async () => {
    const agent = await givenAgent({ service: { schedulingStrategy: 'DAEMON' } });
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', unwell), 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('a task of several containers', () => {
  const container = (name: string, more: JsonObject = {}): JsonObject => ({
    ...{ name, image: `${ECR_HOST}/agent:v1`, essential: true, portMappings: [{ containerPort: 8080 }] },
    ...more,
  });
  const service = { containers: [container('web'), container('worker'), container('router', { essential: false })] };

  async function deployTo(containers: string) {
    const agent = await givenAgent({ service });
    const seen = watchEcs(agent);
    const image = agent.world.publish('v2', {});
    const inputs = { image, container: containers, 'smoke-tests': smokeTests };
    const { main } = await agent.deploy(inputs);
    const document = agent.world.aws.ecs.taskDefinitions.at(-1)!.document;
    const images = (document['containerDefinitions'] as { name: string; image: string }[]).map(({ image }) => image);
    return { main, seen, images, digest: main.outputs['digest'] };
  }

  test('gets the image in each container that is named, and in no other', async () => {
    const { main, images, digest } = await deployTo('web\nworker');
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(images).toEqual([`${ECR_HOST}/agent@${digest}`, `${ECR_HOST}/agent@${digest}`, `${ECR_HOST}/agent:v1`]);
  });

  test('gets an image of its own where a line says so', async () => {
    const { main, images, digest } = await deployTo(`web\nrouter=${ECR_HOST}/agent:v1`);
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(images).toEqual([
      `${ECR_HOST}/agent@${digest}`,
      `${ECR_HOST}/agent:v1`,
      expect.stringMatching(/\/agent@sha256:[0-9a-f]{64}$/),
    ]);
    expect(images[2]).not.toBe(images[0]);
  });

  test.each([
    ['a name that is wrong', 'wbe', 'there is no container wbe'],
    ['no name', '', 'several containers could be meant'],
  ])('with %s is refused, with the names that there are', async (_title, name, why) => {
    const { main, seen } = await deployTo(name);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    const annotation = failsOnce.exec(main.log)?.[0];
    expect(annotation).toContain(why);
    expect(annotation).toMatch(/Next step: .*web, worker, router/);
    expect(changesIn(seen)).toEqual([]);
  });
});

describe('a service behind a load balancer', () => {
  test('with one plain HTTP listener is found and smoke-tested without `url`', async () => {
    const agent = await givenAgent({ service: { targetGroup: { listenerProtocol: 'HTTP' } } });
    const image = agent.world.publish('v2', {});
    const inputs = { image, url: '', 'smoke-tests': '- GET /: { contains: v2 }' };
    const { main } = await agent.deploy(inputs);
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(main.outputs['url']).toMatch(/^http:\/\/agent-\d+\.eu-west-1\.elb\.amazonaws\.com$/);
    expect(main.log).toContain('✓ GET /');
  });

  test('with an HTTPS listener only is refused without `url`, as nothing tells the name on the certificate', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, url: '', 'smoke-tests': '- GET /' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/^::error.*Next step: Set `url`/m);
    expect(agent.world.edge.calls.filter(({ mutates }) => mutates)).toEqual([]);
  });
});

describe('a service without a load balancer', () => {
  const service = { loadBalanced: false };

  test('and without `url` is refused when a smoke test names a path, before anything is copied', async () => {
    const agent = await givenAgent({ service });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': '- GET /health' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/^::error.*where to send "GET \/health".*Next step: Set `url`/m);
    expect(agent.world.edge.calls.filter(({ mutates }) => mutates)).toEqual([]);
  });

  test('is smoke-tested by a command', async () => {
    const agent = await givenAgent({ service });
    const run = '- run: test "$DEPLOY_REVISION" = agent:2 && test -z "$DEPLOY_URL"';
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': run });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed', url: '' } });
    expect(main.log).toContain('✓ test "$DEPLOY_REVISION"');
  });

  test('is rolled back when the command fails on the new revision only', async () => {
    const agent = await givenAgent({ service });
    const before = agent.snapshot();
    const run = '- run: test "$DEPLOY_REVISION" = agent:1';
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': run });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(agent.snapshot()).toEqual(before);
  });
});
