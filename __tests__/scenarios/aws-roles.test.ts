import { afterEach, describe, expect, test } from '@jest/globals';
import type { AgentServiceOptions } from '../../simulators/agent-service.ts';
import { isGranted, permissionsOf } from '../../simulators/aws/policy.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { ACCOUNT, ECR_HOST, REGION } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { readPolicy, TASK_ROLE } from './aws-roles.ts';

afterEach(closeAgents);

/** What docs/setup-aws.md tells users to grant. */
const policy = readPolicy();

const smokeTests = '- GET /health: { retry-for: 5s }';
const broken = { answers: { '/health': { status: 500, body: 'no model' } } };

/** The tasks that run before, until 2040. */
const PROTECTED = { since: 1_900_000_000_000, until: 2_208_988_800_000 };

interface Story {
  readonly title: string;
  readonly service?: AgentServiceOptions['service'];
  readonly behaviour?: Partial<Behaviour>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly outcome: string;
  readonly says?: string;
}

const stories: readonly Story[] = [
  { title: 'a deployment with a copy', outcome: 'deployed', inputs: { 'expected-account': ACCOUNT } },
  {
    title: 'one that finds the address of the load balancer',
    service: { targetGroup: { listenerProtocol: 'HTTP' } },
    inputs: { url: '' },
    outcome: 'deployed',
  },
  {
    title: 'a task definition with a role and tags',
    service: {
      taskDefinitionExtras: { taskRoleArn: TASK_ROLE },
      taskDefinitionTags: [{ key: 'team', value: 'shop' }],
    },
    outcome: 'deployed',
  },
  {
    title: 'old tasks that are protected from scale-in',
    service: { staging: { protection: PROTECTED } },
    outcome: 'deployed',
    says: 'are protected from scale-in',
  },
  { title: 'smoke tests that fail', behaviour: broken, outcome: 'rolled-back' },
  {
    title: 'a crash loop, whose last log lines are shown',
    behaviour: { crash: { afterMs: 500, exitCode: 1, logs: ['KeyError: OPENAI_API_KEY'] } },
    outcome: 'rolled-back',
    says: 'KeyError: OPENAI_API_KEY',
  },
  {
    title: 'a rollout that never ends, and a circuit breaker that would roll back itself',
    service: { circuitBreaker: { enable: true, rollback: true } },
    behaviour: { crash: { afterMs: 500, exitCode: 1, logs: ['KeyError'] } },
    outcome: 'rolled-back',
  },
];

const used = new Set<string>();

describe('with the policy of the guide, nothing that the action asks for is denied', () => {
  test.each(stories)('$title: $outcome', async ({ service, behaviour, inputs, outcome, says }) => {
    const agent = await givenAgent(service ? { service } : {});
    const access = agent.world.aws.enforce(policy);
    const image = agent.world.publish('v2', behaviour ?? {});
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, ...inputs });
    const { outputs, log } = main;
    // With the log, so that a failure shows it.
    const seen = { outcome: outputs['outcome'], refused: access.refused, log };
    expect(seen).toEqual({ outcome, refused: [], log });
    expect(log).not.toMatch(/continuing without/);
    if (says !== undefined) expect(log).toContain(says);
    for (const permission of access.used) used.add(permission);
  });

  test('an image that is in ECR already', async () => {
    const agent = await givenAgent();
    await agent.deploy({ image: agent.world.publish('v2', {}) });
    const access = agent.world.aws.enforce(policy);
    const login = { 'registry-username': '', 'registry-password': '' };
    const image = `${ECR_HOST}/agent:v2`;
    const { main } = await agent.deploy({ image, 'copy-to': '', force: 'true', ...login });
    expect({ outcome: main.outputs['outcome'], refused: access.refused }).toEqual({ outcome: 'deployed', refused: [] });
    for (const permission of access.used) used.add(permission);
  });
});

/** Which of the two resources IAM compares was not tried on an account: the policy has both, the simulated IAM one. */
const UNTRIED = ['DescribeServiceDeployments', 'StopServiceDeployment', 'DescribeServiceRevisions'].map(
  (action) => `ecs:${action} on arn:aws:ecs:${REGION}:${ACCOUNT}:service/production/agent`,
);

test('the policy grants nothing that none of these stories needs', () => {
  const all = permissionsOf(policy);
  const unused = all.filter((permission) => !used.has(permission)).map((text) => text.replace(/^\w+: /, ''));
  expect(unused).toEqual(UNTRIED);
  expect(all.length).toBeGreaterThan(30);
});

describe('what the policy leaves out is denied by the simulated IAM too', () => {
  test('another service of the cluster is refused before anything is sent', async () => {
    const agent = await givenAgent();
    agent.world.aws.addService({
      ...{ cluster: 'production', service: 'billing', desiredCount: 1, loadBalanced: false },
      image: `${ECR_HOST}/agent:v1`,
    });
    const access = agent.world.aws.enforce(policy);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), service: 'billing', url: '' });
    expect(main.outputs['outcome']).toBe('refused');
    expect(access.refused[0]).toBe(
      `ecs:DescribeServices on arn:aws:ecs:${REGION}:${ACCOUNT}:service/production/billing`,
    );
  });

  test('tasks of another cluster, tags of another name, and other roles', () => {
    const arn = `arn:aws:ecs:${REGION}:${ACCOUNT}:service/production/agent`;
    const asked = [
      ['ecs:ListTasks', '*', { 'ecs:cluster': [`arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/other`] }],
      ['ecs:TagResource', arn, { 'aws:TagKeys': ['deploy-agent/run', 'team'] }],
      ['ecs:UntagResource', arn, { 'aws:TagKeys': ['team'] }],
      ['iam:PassRole', `arn:aws:iam::${ACCOUNT}:role/admin`, { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] }],
      ['iam:PassRole', TASK_ROLE, { 'iam:PassedToService': ['ec2.amazonaws.com'] }],
      ['ecs:DeleteService', arn, {}],
    ] as const;
    for (const [action, resource, context] of asked)
      expect(isGranted({ policy, used: new Set() }, { action, resource, context })).toBe(false);
  });
});
