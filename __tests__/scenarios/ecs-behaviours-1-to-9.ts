import { expect } from '@jest/globals';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { type BehaviourRow, breaker, crashLoop, issue, MINUTE_MS } from './ecs-behaviour.ts';
import { answersOf, changesIn, servicesIn, statusesIn } from './watch-ecs.ts';

const OFFICIAL = 'aws-actions/amazon-ecs-deploy-task-definition';

export const behaviours1to9: readonly BehaviourRow[] = [
  {
    number: 1,
    behaviour: 'the circuit breaker rolls back, and the service is stable on the old task definition',
    link: issue(OFFICIAL, 191),
    staging: 'a crash loop with 6 tasks: the third failure trips the breaker before the action looks again',
    service: { ...breaker, desiredCount: 6 },
    image: crashLoop,
    expected: {
      outcome: 'rolled-back',
      annotation: /the platform (is rolling|rolled) the deployment back .*circuit breaker.*exit code 3/,
      says: [/\(by the platform\)/],
      live: 'v1',
      asBefore: true,
      check: ({ seen }) => expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']),
    },
    wasStaged: ({ seen }) =>
      servicesIn(seen).some(
        ({ taskDefinition, deployments, desiredCount, runningCount }) =>
          taskDefinition.endsWith(':1') && deployments.length > 0 && runningCount >= desiredCount,
      ) && statusesIn(seen, 'DescribeServiceDeployments').some(([status]) => status === 'ROLLBACK_SUCCESSFUL'),
  },
  {
    number: 2,
    behaviour: 'the failed deployment is gone from `deployments`, and the rollback has an id of its own',
    link: `https://github.com/${OFFICIAL}/pull/860`,
    staging: 'a breaker rollback that the action can only see in the service deployment: it may not list tasks',
    service: breaker,
    image: crashLoop,
    disturb: (agent) => agent.world.aws.deny('ecs:ListTasks'),
    expected: {
      outcome: 'rolled-back',
      annotation: /circuit breaker/,
      says: [/^::warning::.*ecs:ListTasks/m],
      live: 'v1',
      asBefore: true,
      check: ({ seen }) => expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']),
    },
    wasStaged: ({ seen }) => {
      const services = servicesIn(seen);
      const [first, last] = [services[0], services.at(-1)];
      const known = services.find(({ taskDefinition }) => taskDefinition.endsWith(':2'))?.deployments ?? [];
      return (
        last?.deployments.length === 1 &&
        ![...known, ...first!.deployments].some(({ id }) => id === last.deployments[0]?.id)
      );
    },
  },
  {
    number: 3,
    behaviour: 'the same image is deployed again by force, and a waiter returns before anything was replaced',
    link: issue('aws/aws-cli', 9275),
    staging: 'v2 runs already and is deployed with `force`',
    arrange: (agent) => agent.deploy({ image: agent.world.publish('v2', {}) }),
    inputs: { force: 'true' },
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: ({ atEndOfMain, result }) => {
        expect(result.main.outputs).toMatchObject({ revision: 'agent:3', 'previous-revision': 'agent:2' });
        const tasks = atEndOfMain['tasks'] as unknown as { taskDefinition: string; lastStatus: string }[];
        const revisions = tasks.map(({ taskDefinition, lastStatus }) => [taskDefinition.split('/')[1], lastStatus]);
        expect(revisions).toEqual([
          ['agent:3', 'RUNNING'],
          ['agent:3', 'RUNNING'],
        ]);
      },
    },
    wasStaged: ({ seen }) =>
      servicesIn(seen).some(({ deployments: [primary], desiredCount, runningCount }) => {
        const isNew = primary?.taskDefinition.endsWith(':3') && primary.runningCount === 0;
        return isNew && runningCount === desiredCount;
      }),
  },
  {
    number: 4,
    behaviour: 'the service is stable while its PRIMARY deployment is still IN_PROGRESS',
    link: issue(OFFICIAL, 838),
    staging: 'COMPLETED comes 60 s after stability, and the containers turn unhealthy meanwhile',
    service: { staging: { completionLagMs: MINUTE_MS } },
    image: { unhealthyAfterMs: MINUTE_MS },
    expected: { outcome: 'rolled-back', annotation: /failed ELB health checks/, live: 'v1', asBefore: true },
    wasStaged: ({ seen }) =>
      servicesIn(seen).some(({ taskDefinition, deployments, desiredCount, runningCount }) => {
        const stable = deployments.length === 1 && runningCount === desiredCount && taskDefinition.endsWith(':2');
        return stable && deployments[0]?.rolloutState === 'IN_PROGRESS';
      }),
  },
  {
    number: 5,
    behaviour: 'right after the call, the list of deployments still ends with the previous one, which succeeded',
    link: 'https://github.com/kayac/ecspresso/pull/945',
    staging: 'new deployments are listed 20 s late, ours and the rollback',
    service: { staging: { listingLagMs: 20_000 } },
    image: { answers: { '/health': { status: 500, body: 'no model' } } },
    inputs: { 'smoke-tests': '- GET /health: { retry-for: 5s }' },
    expected: {
      outcome: 'rolled-back',
      annotation: /smoke tests failed on agent:2: "GET \/health": .*got 500/,
      live: 'v1',
      asBefore: true,
      check: ({ seen }) =>
        expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService', 'UpdateService']),
    },
    wasStaged: ({ seen }) => {
      const sent = seen.findIndex(({ operation }) => operation === 'UpdateService');
      const lists = seen.slice(sent).filter(({ operation }) => operation === 'ListServiceDeployments');
      const lengths = lists.map(({ answer }) => (answer['serviceDeployments'] as unknown[]).length);
      return Math.min(...lengths) <= 1 && lists[0]!.at + 15_000 < lists.find((_, index) => lengths[index]! > 1)!.at;
    },
  },
  {
    number: 6,
    behaviour: 'a service that was just created is reported MISSING',
    link: issue('reproio/ecs_deploy', 60),
    staging: 'DescribeServices says MISSING for the first 5 s of the run (the action itself creates no service)',
    disturb: ({ world }) => world.aws.setService(CLUSTER, SERVICE, { missingUntil: world.clock.now() + 5_000 }),
    expected: { outcome: 'deployed', says: [/MISSING.*checking again/], live: 'v2', asBefore: false },
    wasStaged: ({ seen }) => JSON.stringify(answersOf(seen, 'DescribeServices')[0]?.['failures']).includes('MISSING'),
  },
  {
    number: 7,
    behaviour: 'a wrong cluster name is answered with status 200 and MISSING in `failures`',
    link: issue(OFFICIAL, 312),
    staging: 'a cluster that exists and does not have the service',
    arrange: ({ world }) => {
      // For who may read that cluster too.
      world.aws.enforce(null);
      world.aws.addService({
        ...{ cluster: 'staging', service: 'other', desiredCount: 1, loadBalanced: false },
        image: `${ECR_HOST}/agent:v1`,
      });
    },
    inputs: { cluster: 'staging' },
    expected: {
      outcome: 'refused',
      annotation: /could not find service agent in cluster staging \(eu-west-1\): MISSING.*Next step: .*`cluster`/,
      live: 'v1',
      asBefore: true,
      check: ({ seen, agent }) => {
        expect(changesIn(seen)).toEqual([]);
        expect(agent.world.edge.calls.filter(({ mutates }) => mutates)).toEqual([]);
      },
    },
    wasStaged: ({ agent }) =>
      agent.world.edge.calls.some(({ operation, status }) => operation === 'ecs:DescribeServices' && status === 200),
  },
  {
    number: 8,
    behaviour: 'an older FAILED deployment is still listed during a good one',
    link: 'https://github.com/alchemy-run/alchemy/pull/1650',
    staging: 'a crash loop was rolled back just before, and its entry stays in `deployments` for an hour',
    service: { staging: { keepFailedDeploymentMs: 60 * MINUTE_MS } },
    arrange: (agent) => agent.deploy({ image: agent.world.publish('broken', crashLoop) }),
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: ({ result }) => expect(result.main.outputs).toMatchObject({ revision: 'agent:3' }),
    },
    wasStaged: ({ seen }) =>
      servicesIn(seen).some(({ deployments }) => {
        const states = deployments.map(({ status, rolloutState }) => `${status} ${rolloutState}`);
        return states.includes('PRIMARY IN_PROGRESS') && states.includes('ACTIVE FAILED');
      }),
  },
  {
    number: 9,
    behaviour: 'a service with the CODE_DEPLOY controller has no `deployments`',
    link: issue('boto/botocore', 3314),
    staging: 'such a service: DescribeServices answers task sets instead',
    service: { deploymentController: 'CODE_DEPLOY' },
    expected: {
      outcome: 'refused',
      annotation: /deployment controller is CODE_DEPLOY.*migrate-codedeploy-to-ecs-bluegreen/,
      live: 'v1',
      asBefore: true,
      check: ({ agent }) => expect(agent.world.edge.calls.filter(({ mutates }) => mutates)).toEqual([]),
    },
    wasStaged: ({ seen }) => servicesIn(seen).every((service) => service.deployments === undefined),
  },
];
