import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE as ECS_SERVICE } from '../../simulators/agent-service.ts';
import { buildImage, buildReferrer } from '../../simulators/images.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { SOURCE } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { large } from './kubernetes-troubles.ts';

afterEach(closeAgents);

const verify = { verify: '- attestation: { repository: acme/agent }' };

const rows: readonly [phase: string, operation: RegExp, nth: number, inputs?: Record<string, string>][] = [
  ['find the service', /^ecs:DescribeServices$/, 1],
  ['read the current state', /^ecs:DescribeTaskDefinition$/, 1],
  ['resolve the image digest', /^registry:GET manifest$/, 1],
  ['resolve the image digest', /^registry:GET token$/, 1],
  ['verify the image', /^registry:GET referrers$/, 1, verify],
  ['verify the image', /^registry:GET blob$/, 1, verify],
  ['check the platform of the image', /^registry:GET blob$/, 1],
  ['copy the image', /^registry:GET blob$/, 2],
  ['copy the image', /^registry:PUT upload$/, 1],
];

/** Of the services themselves, previews included. */
const SERVICES = /\.run\.app$|^agent\.acme\.dev$|\.azurecontainerapps\.io$|^shop\.example$/;

/** Also of other clouds: their logins, and what is read of the service. */
const elsewhere: readonly (readonly [string, RegExp, () => Promise<Agent>])[] = [
  ['Cloud Run', /^sts:ExchangeToken$/, () => givenCloudRun({ login: 'oidc' })],
  ['Cloud Run', /^run:GetService$/, givenCloudRun],
  ['Container Apps', /^github:GetIdToken$/, givenApp],
  ['Container Apps', /^entra:Token$/, givenApp],
  ['Container Apps', /^arm:ContainerApps_Get$/, givenApp],
  ['Kubernetes', /^kubernetes:get deployments$/, givenKubernetes],
];

/** With something that may be a signature. */
function publishReferred({ world }: Agent): string {
  const name = world.publish('v2', {});
  const image = buildImage({ seed: 'v2', behaviour: { version: 'v2' } });
  const referrer = buildReferrer(image, image.digest, 'application/vnd.dev.sigstore.bundle.v0.3+json');
  world.source.seed(SOURCE.repository, null, referrer);
  return name;
}

describe('`timeout` ends what is under way before the deployment', () => {
  test.each(rows)('could not %s where %s gets no answer', async (phase, operation, nth, inputs = {}) => {
    const agent = await givenAgent();
    const image = publishReferred(agent);
    agent.world.edge.faults.add({ operation, nth, when: 'before', act: { kind: 'hang' } });
    const before = agent.snapshot();
    const startedAt = agent.world.clock.now();
    const { main } = await agent.deploy({ image, timeout: '5s', ...inputs });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toContain(`could not ${phase}: the time was up after 5s, and nothing was deployed`);
    // Blobs that were copied in time stay.
    expect(agent.snapshot()).toEqual(before);
    expect(agent.world.clock.now() - startedAt).toBeLessThan(6_000);
  });

  test.each(elsewhere)('on %s where %s gets no answer', async (_, operation, given) => {
    const agent = await given();
    const image = agent.world.publish('v2', {});
    agent.world.edge.faults.add({ operation, when: 'before', act: { kind: 'hang' } });
    const before = agent.snapshot();
    const startedAt = agent.world.clock.now();
    const { main } = await agent.deploy({ image, timeout: '5s' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/could not .*: the time was up after 5s, and nothing was deployed/);
    expect(agent.snapshot()).toEqual(before);
    expect(agent.world.clock.now() - startedAt).toBeLessThan(6_000);
  });
});

describe('an API that wants an hour until the next request is not waited for', () => {
  const hour = { 'retry-after': '3600', 'content-type': 'application/json' };
  const tooMany = (body: string) => ({ kind: 'status', status: 429, headers: hour, body }) as const;
  const google = '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota exceeded: requests per minute"}}';
  const azure = '{"error":{"code":"TooManyRequests","message":"The request is being throttled."}}';
  const kubernetes = '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","code":429}';
  test.each<[string, RegExp, string, () => Promise<Agent>]>([
    ['the registry, on Amazon ECS', /^registry:GET manifest$/, '{}', givenAgent],
    ['Cloud Run', /^run:GetService$/, google, givenCloudRun],
    ['Container Apps', /^arm:ContainerApps_Get$/, azure, givenApp],
    ['Kubernetes', /^kubernetes:get deployments$/, kubernetes, givenKubernetes],
  ])('%s', async (_, operation, body, given) => {
    const agent = await given();
    const image = agent.world.publish('v2', {});
    agent.world.edge.faults.add({ operation, when: 'before', act: tooMany(body) });
    const startedAt = agent.world.clock.now();
    const { main } = await agent.deploy({ image });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/^::error.*Next step: (?:Run again in a minute|Wait and run again).*THROTTLED/m);
    expect(agent.world.clock.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('the hint of a time-out says which it was, what was seen last and what is known to cause it', () => {
  const never = { readyAfterMs: 7_200_000 };
  const rows: readonly (readonly [string, () => Promise<Agent>, object, RegExp])[] = [
    [
      'Amazon ECS: no room for the tasks',
      () => givenAgent({ service: { staging: { capacity: 2 } } }),
      {},
      /last seen: 0 of 2 new tasks running.*Next step: Add capacity/,
    ],
    [
      'Cloud Run: a revision that neither comes up nor fails',
      async () => {
        const agent = await givenCloudRun();
        agent.world.google.setService('agent', { stuck: true });
        return agent;
      },
      {},
      /last seen: agent-\d{5}-\w{3} is starting.*Next step: .*`timeout`/,
    ],
    [
      'Container Apps: no room for the replicas',
      async () => {
        const agent = await givenApp({ app: { minReplicas: 2 } });
        agent.world.azure.setApp('agent', { withoutRoom: 1 });
        return agent;
      },
      {},
      /last seen: .*0 of at least 2 replicas.*Next step: Make room in the environment/,
    ],
    [
      'Container Apps: a probe that never passes',
      givenApp,
      never,
      /last seen: provisioned, activating, health none, 1 replicas.*Next step: .*`timeout`/,
    ],
    [
      'Kubernetes: a probe that never passes',
      givenKubernetes,
      never,
      /last seen: .*1 of 3 pods updated.*Next step: Check the readiness probe/,
    ],
    [
      'Kubernetes: no room for the pods',
      () => givenKubernetes({ stage: large }),
      {},
      /last seen: .*1 of 2 pods updated.*Next step: Lower the resource requests/,
    ],
  ];
  test.each(rows)('`timeout` on %s', async (_, given, behaviour, says) => {
    const agent = await given();
    const image = agent.world.publish('v2', behaviour);
    const { main } = await agent.deploy({ image, timeout: '2m' });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    const error = decodeURIComponent(main.log.split('\n').find((line) => line.startsWith('::error')) ?? '');
    expect(error.replaceAll('\n', ' ')).toMatch(says);
    expect(error).not.toContain('rollback-timeout');
  });

  const slow: readonly (readonly [string, () => Promise<Agent>, (agent: Agent) => unknown])[] = [
    ['Amazon ECS', givenAgent, ({ world }) => world.aws.setService(CLUSTER, ECS_SERVICE, { capacity: 0 })],
    ['Cloud Run', givenCloudRun, ({ world }) => world.google.setService('agent', { routeMs: 3_600_000 })],
    [
      'Container Apps',
      () => givenApp({ app: { mode: 'Single' } }),
      ({ world }) => world.azure.setApp('agent', { failingPulls: [99] }),
    ],
    [
      'Kubernetes',
      givenKubernetes,
      (agent) => (agent as KubernetesAgent).stage.kubelet.troubles.push({ image: 'agent:v1', kind: 'throttled' }),
    ],
  ];
  test.each(slow)('`rollback-timeout` on %s', async (_, given, slowDown) => {
    const agent = await given();
    const stop = agent.world.edge.onCall(({ host }) => {
      if (!SERVICES.test(host)) return;
      stop();
      slowDown(agent);
    });
    const { main } = await agent.deploy({
      ...{ image: agent.world.publish('v2', { answers: { '/health': { status: 500 } } }), 'rollback-timeout': '2m' },
      'smoke-tests': '- GET /health: { retry-for: 5s }',
    });
    expect(main.outputs).toMatchObject({ outcome: 'rollback-unconfirmed' });
    const error = decodeURIComponent(main.log.split('\n').find((line) => line.startsWith('::error')) ?? '');
    expect(error.replaceAll('\n', ' ')).toMatch(/last seen: .*Give the rollback more time with `rollback-timeout`/);
  });
});
