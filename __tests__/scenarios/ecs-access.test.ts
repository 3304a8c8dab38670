import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Fault } from '../../simulators/edge/faults.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { changesIn, watchEcs } from './watch-ecs.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const crash = { crash: { afterMs: 1_000, exitCode: 3, logs: ['KeyError'] } };
const COMMAND =
  /aws ecs update-service --cluster production --service agent --region eu-west-1 --task-definition \S+\/agent:1/;

function deployV2(agent: Agent, behaviour: object = {}, inputs: Record<string, string> = {}) {
  return agent.deploy({ image: agent.world.publish('v2', behaviour), 'smoke-tests': smokeTests, ...inputs });
}

function annotationsIn(log: string): readonly string[] {
  return log.split('\n').filter((line) => line.startsWith('::error'));
}

function warningsIn(log: string, about: string): readonly string[] {
  return log.split('\n').filter((line) => line.startsWith('::warning') && line.includes(about));
}

describe('credentials that expire', () => {
  test.each([
    ['while it waits', 30_000],
    ['in its smoke tests', 70_000],
  ])('%s end as rollback-failed, with the cause, its remedy and the command', async (_title, afterMs) => {
    const agent = await givenAgent();
    const seen = watchEcs(agent);
    agent.world.aws.expireCredentialsAt(agent.world.clock.now() + afterMs);
    const { main, post } = await deployV2(agent, { answers: { '/health': { status: 500, body: 'no' } } });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rollback-failed' } });
    expect(annotationsIn(main.log)).toHaveLength(1);
    expect(main.log).toMatch(/Rollback: could not .*ExpiredTokenException/);
    for (const text of [main.log, main.summary]) {
      expect(text).toMatch(/role-duration-seconds|role&#45;duration&#45;seconds/);
      expect(text).toMatch(/ExpiredToken/);
    }
    expect(main.log).toMatch(COMMAND);
    expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    expect(post).toMatchObject({ exitCode: 0, summary: '' });
  });

  test('before it looked at the service are refused', async () => {
    const agent = await givenAgent();
    agent.world.aws.expireCredentialsAt(agent.world.clock.now());
    const { main } = await deployV2(agent);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(annotationsIn(main.log)[0]).toMatch(/ExpiredTokenException.*Next step: .*role-duration-seconds/);
    expect(agent.world.edge.calls.filter(({ mutates, status }) => mutates && status === 200)).toEqual([]);
  });
});

describe('throttling', () => {
  const OPERATIONS = [
    ...['DescribeServices', 'ListServiceDeployments', 'DescribeServiceDeployments', 'DescribeServiceRevisions'],
    ...['DescribeTaskDefinition', 'RegisterTaskDefinition', 'UpdateService', 'ListTasks', 'DescribeTasks'],
  ].map((name) => `ecs:${name}`);
  const act: Fault['act'] = {
    kind: 'status',
    status: 400,
    body: JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }),
  };
  const throttled = (agent: Agent) => agent.world.edge.calls.filter(({ status }) => status === 400).length;

  test('of the first four calls of every kind is sat out', async () => {
    const agent = await givenAgent();
    for (const operation of [...OPERATIONS, 'ecr:GetAuthorizationToken']) {
      for (const nth of [1, 2, 3, 4]) {
        agent.world.edge.faults.add({ operation: new RegExp(`^${operation}$`), nth, when: 'before', act });
      }
    }
    const { main } = await deployV2(agent);
    expect(throttled(agent)).toBeGreaterThanOrEqual(36);
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed', revision: 'agent:2' } });
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
  });

  test('of every call for three minutes in the middle of the rollout is sat out', async () => {
    const agent = await givenAgent();
    let remove: (() => void) | null = null;
    agent.world.edge.onCall(({ operation }, when) => {
      if (remove || operation !== 'ecs:UpdateService' || when !== 'after') return;
      remove = agent.world.edge.faults.add({ operation: /^ecs:/, when: 'before', act });
      void agent.world.clock.sleepUntil(agent.world.clock.now() + 180_000).then(remove);
    });
    const { main } = await deployV2(agent);
    expect(throttled(agent)).toBeGreaterThan(20);
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(main.log).toMatch(/ThrottlingException.*\(trying again\)/);
  });

  test.each(OPERATIONS.slice(0, 7))('of %s each time is refused, and the service is as before', async (operation) => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    agent.world.edge.faults.add({ operation: new RegExp(`^${operation}$`), when: 'before', act });
    const { main } = await deployV2(agent, {}, { timeout: '2m' });
    expect(throttled(agent)).toBeGreaterThanOrEqual(5);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(annotationsIn(main.log)[0]).toMatch(/ThrottlingException: Rate exceeded.*Next step: /);
    expect(agent.snapshot()).toEqual(before);
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
  });
});

describe('a permission that only helps', () => {
  test('ecs:ListTasks: one warning names it, and the deploy goes on', async () => {
    const agent = await givenAgent();
    agent.world.aws.deny('ecs:ListTasks');
    const { main } = await deployV2(agent);
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(warningsIn(main.log, 'ecs:ListTasks')).toEqual([
      expect.stringContaining("Add ecs:ListTasks to the role's policy"),
    ]);
  });

  test.each(['logs:GetLogEvents', 'elasticloadbalancing:DescribeTargetHealth', 'ecs:ListTasks', 'ecs:DescribeTasks'])(
    '%s: without it a failure is rolled back all the same, with one warning',
    async (action) => {
      const agent = await givenAgent({ service: { circuitBreaker: { enable: true, rollback: true } } });
      const before = agent.snapshot();
      agent.world.aws.deny(action);
      const { main } = await deployV2(agent, crash);
      expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
      expect(warningsIn(main.log, action)).toEqual([expect.stringContaining(`Add ${action} to the role's policy`)]);
      expect(agent.snapshot()).toEqual(before);
    },
  );

  test.each(['DescribeTargetGroups', 'DescribeListeners', 'DescribeLoadBalancers'])(
    'elasticloadbalancing:%s: without it the URL is not found, which one warning says',
    async (operation) => {
      const action = `elasticloadbalancing:${operation}`;
      const agent = await givenAgent({ service: { targetGroup: { listenerProtocol: 'HTTP' } } });
      agent.world.aws.deny(action);
      const { main } = await deployV2(agent, {}, { url: '', 'smoke-tests': '' });
      expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed', url: '' } });
      expect(warningsIn(main.log, action)).toEqual([expect.stringContaining(`Add ${action} to the role's policy`)]);
    },
  );

  test('ecs:StopServiceDeployment: without it the rollback is an update of the service', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const seen = watchEcs(agent);
    agent.world.aws.deny('ecs:StopServiceDeployment');
    const { main } = await deployV2(agent, crash);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(warningsIn(main.log, 'ecs:StopServiceDeployment')).toHaveLength(1);
    expect(changesIn(seen).slice(-2)).toEqual(['StopServiceDeployment', 'UpdateService']);
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('a permission that is needed', () => {
  const read = ['DescribeServices', 'ListServiceDeployments', 'DescribeServiceDeployments', 'DescribeServiceRevisions'];
  const needed = [...read, 'DescribeTaskDefinition', 'RegisterTaskDefinition', 'UpdateService'];

  test.each([...needed.map((name) => `ecs:${name}`), 'ecr:GetAuthorizationToken'])(
    '%s: without it the deploy is refused by name, and nothing is touched',
    async (action) => {
      const agent = await givenAgent();
      const before = agent.snapshot();
      agent.world.aws.deny(action);
      const { main } = await deployV2(agent);
      expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
      expect(annotationsIn(main.log)).toEqual([
        expect.stringMatching(new RegExp(`the role lacks ${action}.*Next step: Add ${action} to the role's policy`)),
      ]);
      expect(agent.snapshot()).toEqual(before);
    },
  );

  test('iam:PassRole, which no call is named after, is named as AWS names it', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const message =
      'User: arn:aws:sts::123456789012:assumed-role/deploy/github is not authorized to perform: iam:PassRole on ' +
      'resource: arn:aws:iam::123456789012:role/ecsTaskExecutionRole because no identity-based policy allows it';
    const body = JSON.stringify({ __type: 'ClientException', message });
    agent.world.edge.faults.add({
      operation: /^ecs:RegisterTaskDefinition$/,
      when: 'before',
      act: { kind: 'status', status: 400, body },
    });
    const { main } = await deployV2(agent);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(annotationsIn(main.log)[0]).toMatch(/the role lacks iam:PassRole.*Next step: Add iam:PassRole/);
    expect(agent.snapshot()).toEqual(before);
  });
});
