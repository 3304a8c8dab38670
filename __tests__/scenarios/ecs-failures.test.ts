import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { changesIn, servicesIn, watchEcs } from './watch-ecs.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:openai-api-key-AbCdEf';

function deployV2(agent: Agent, behaviour: object = {}, inputs: Record<string, string> = {}) {
  return agent.deploy({ image: agent.world.publish('v2', behaviour), 'smoke-tests': smokeTests, ...inputs });
}

describe('a rollout that fails', () => {
  test('for a secret that does not exist: at the first task, with the secret and what to check', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const begun = agent.world.clock.now();
    agent.world.aws.removeSecret(SECRET);
    const { main } = await deployV2(agent, {}, { secrets: `OPENAI_API_KEY: ${SECRET}` });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(
      /^::error.*TaskFailedToStart, ResourceInitializationError: unable to pull secrets.*openai-api-key.*Next step: Create the secret or parameter in this region/m,
    );
    expect(agent.world.clock.now() - begun).toBeLessThan(45_000);
    expect(agent.snapshot()).toEqual(before);
  });

  test('for containers that turn unhealthy after 40 s', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const { main } = await deployV2(agent, { unhealthyAfterMs: 40_000 });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/^::error.*failed ELB health checks/m);
    expect(agent.snapshot()).toEqual(before);
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
  });

  test('for memory: the exit code becomes a hint', async () => {
    const agent = await givenAgent();
    const { main } = await deployV2(agent, { crash: { afterMs: 1_000, exitCode: 137, logs: [] } });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/^::error.*exit code 137: OutOfMemoryError.*Next step: .*raise the memory/m);
  });

  test('by the breaker without a rollback of its own: STOPPED by AWS, rolled back by us', async () => {
    const agent = await givenAgent({ service: { desiredCount: 6, circuitBreaker: { enable: true, rollback: false } } });
    const before = agent.snapshot();
    const seen = watchEcs(agent);
    const crash = { afterMs: 1_000, exitCode: 3, logs: [] };
    const { main } = await deployV2(agent, { crash });
    expect(servicesIn(seen).some(({ deployments: [primary] }) => primary?.rolloutState === 'FAILED')).toBe(true);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back', revision: 'agent:1' } });
    expect(main.log).toMatch(/^::error.*STOPPED: ECS deployment circuit breaker/m);
    expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService', 'UpdateService']);
    expect(agent.snapshot()).toEqual(before);
  });

  test('for want of capacity ends at the time that was given, with what AWS says', async () => {
    const agent = await givenAgent({ service: { staging: { capacity: 2 } } });
    const before = agent.snapshot();
    const { main } = await deployV2(agent, {}, { timeout: '3m' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/^::error.*0 of 2 new tasks running/m);
    expect(main.log).toMatch(/was unable to place a task\. Reason: Capacity is unavailable/);
    expect(main.log).toMatch(/^::error.*Next step: Add capacity/m);
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('a host port that is in use on the only host', () => {
  const portInUse = { staging: { capacity: 1, portInUse: true }, desiredCount: 1 };

  test('ends at the platform’s own event, where ECS may not stop the task that uses it', async () => {
    const agent = await givenAgent({ service: portInUse });
    const before = agent.snapshot();
    const startedAt = agent.world.clock.now();
    const { main } = await deployV2(agent, {}, { timeout: '30m' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(
      /^::error.*already using a port required by your task.*minimumHealthyPercent 100.*hostPort 0/m,
    );
    expect(agent.world.clock.now() - startedAt).toBeLessThan(3 * 60_000);
    expect(agent.snapshot()).toEqual(before);
  });

  test('is waited for where a task may be stopped first', async () => {
    const agent = await givenAgent({ service: { ...portInUse, minimumHealthyPercent: 0 } });
    const { main } = await deployV2(agent, {});
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
  });
});

describe('a slow start', () => {
  test('within the grace period is deployed', async () => {
    const agent = await givenAgent({ service: { healthCheckGracePeriodSeconds: 120 } });
    const visits = agent.watch();
    const { main } = await deployV2(agent, { readyAfterMs: 90_000 });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
    expect(visits.asked).toBeGreaterThan(100);
    expect(visits.failed).toBe(0);
  });

  test('beyond the grace period is rolled back', async () => {
    const agent = await givenAgent({ service: { healthCheckGracePeriodSeconds: 30 } });
    const before = agent.snapshot();
    const { main } = await deployV2(agent, { readyAfterMs: 90_000 });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/^::error.*Next step: .*grace period/m);
    expect(agent.snapshot()).toEqual(before);
  });
});

test('a rollout in which more than 100 tasks stop is read page by page, and tells the newest', async () => {
  const agent = await givenAgent({ service: { desiredCount: 120 } });
  const before = agent.snapshot();
  const crash = { afterMs: 1_000, exitCode: 3, logs: ['KeyError: DATABASE_URL'] };
  const { main } = await deployV2(agent, { crash });
  expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
  expect(main.log).toMatch(
    /^::error.*EssentialContainerExited, container app exit code 3 \((?:1[1-9]\d|[2-9]\d\d) tasks so far\)/m,
  );
  expect(main.log).toContain('KeyError: DATABASE_URL');
  expect(agent.snapshot()).toEqual(before);
});

describe('a start that fails is told with the next step for its cause', () => {
  const INIT = 'ResourceInitializationError: unable to pull secrets or registry auth';
  // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
  test.each([
    [`${INIT}: retrieved secret from Secrets Manager did not contain json key password`, /Next step: .*key/i],
    [
      `${INIT}: AccessDeniedException: not authorized to perform: ssm:GetParameters on resource: x`,
      /Next step: .*ssm:GetParameters/,
    ],
    [
      'CannotPullContainerError: pull access denied for acme/agent, repository does not exist',
      /Next step: .*image exists/,
    ],
    ['CannotPullContainerError: no matching manifest for linux/arm64', /Next step: .*CPU architecture/],
  ])('%s', async (reason, next) => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    agent.world.aws.setService(CLUSTER, SERVICE, { failingStarts: Array.from({ length: 40 }, () => reason) });
    const { main } = await deployV2(agent);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    const error = decodeURIComponent(main.log.split('\n').find((line) => line.startsWith('::error')) ?? '');
    expect(error).toContain(reason);
    expect(error).toMatch(next);
    agent.world.aws.setService(CLUSTER, SERVICE, { failingStarts: [] });
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('starts that fail for a while are left to AWS, which ends the rollout well', () => {
  test.each([
    'Timeout waiting for network interface provisioning to complete.',
    'CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 10.0.3.4:443: i/o timeout',
    'CannotPullContainerError: pull image manifest has been retried 5 time(s): 429 Too Many Requests - toomanyrequests',
    'Capacity is unavailable at this time. Please try again later or in a different availability zone.',
  ])('%s', async (reason) => {
    const circuitBreaker = { enable: true, rollback: true };
    const agent = await givenAgent({ service: { desiredCount: 1, circuitBreaker } });
    // One after the other; the breaker takes three.
    agent.world.aws.setService(CLUSTER, SERVICE, { failingStarts: [reason, reason] });
    const { main } = await deployV2(agent);
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed', revision: 'agent:2' } });
  });
});
