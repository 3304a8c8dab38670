import { expect } from '@jest/globals';
import { REPOSITORY } from '../../simulators/agent-service.ts';
import { buildImage } from '../../simulators/images.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { answerSlowly, type BehaviourRow, breaker, crashLoop, issue, MINUTE_MS } from './ecs-behaviour.ts';
import { answersOf, changesIn, servicesIn, statusesIn } from './watch-ecs.ts';

const OFFICIAL = 'aws-actions/amazon-ecs-deploy-task-definition';
const DOCS = 'https://docs.aws.amazon.com/AmazonECS/latest';

export const behaviours10to18: readonly BehaviourRow[] = [
  {
    number: 10,
    behaviour: 'a deregistration delay of 300 s keeps two deployments long after the new tasks run',
    link: issue(OFFICIAL, 30),
    staging: 'a target group with that delay',
    service: { staging: { deregistrationDelayMs: 5 * MINUTE_MS } },
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: ({ tookMs, atEndOfMain }) => {
        expect(tookMs).toBeGreaterThan(5 * MINUTE_MS);
        expect(tookMs).toBeLessThan(6.5 * MINUTE_MS);
        expect(atEndOfMain['deployments']).toHaveLength(1);
      },
    },
    wasStaged: ({ seen }) => {
      const two = servicesIn(seen).filter(
        ({ deployments: [primary, old] }) => old && primary?.runningCount === primary?.desiredCount,
      );
      return two.at(-1)!.at - two[0]!.at > 4 * MINUTE_MS;
    },
  },
  {
    number: 11,
    behaviour: 'a rollout takes longer than the 10 minutes of the stock waiter',
    link: issue(OFFICIAL, 31),
    staging: 'containers that load a model for 11 minutes, within the grace period',
    service: { healthCheckGracePeriodSeconds: 1_200 },
    image: { readyAfterMs: 11 * MINUTE_MS },
    disturb: (agent) => answerSlowly(agent, 5_000),
    expected: { outcome: 'deployed', says: [/still waiting for agent:2/], live: 'v2', asBefore: false },
    wasStaged: ({ tookMs }) => tookMs > 11 * MINUTE_MS,
  },
  {
    number: 12,
    behaviour: 'a wait that was set to 90 minutes stops at 60',
    link: issue(OFFICIAL, 527),
    staging:
      'a rollout of 65 minutes with `timeout: 90m` (the usual cause, an expired session, is a scenario of its own)',
    service: { healthCheckGracePeriodSeconds: 5_400 },
    image: { readyAfterMs: 65 * MINUTE_MS },
    inputs: { timeout: '90m' },
    disturb: (agent) => answerSlowly(agent, 14_000),
    expected: { outcome: 'deployed', live: 'v2', asBefore: false },
    wasStaged: ({ tookMs }) => tookMs > 65 * MINUTE_MS,
  },
  {
    number: 13,
    behaviour: 'a crash loop without a circuit breaker never ends',
    link: issue('aws/amazon-ecs-agent', 815),
    staging: 'a container that exits with code 3 a second after each start, and no breaker',
    image: crashLoop,
    expected: {
      outcome: 'rolled-back',
      annotation: /task \w+ stopped: EssentialContainerExited, container app exit code 3/,
      says: [/KeyError: 'OPENAI_API_KEY'/],
      live: 'v1',
      asBefore: true,
      check: ({ tookMs }) => expect(tookMs).toBeLessThan(MINUTE_MS),
    },
    wasStaged: ({ seen }) => !statusesIn(seen, 'DescribeServiceDeployments').flat().includes('STOPPED'),
  },
  {
    number: 14,
    behaviour: 'a crash loop in which failedTasks stays 0',
    link: issue('aws/copilot-cli', 1879),
    staging: 'failures are not counted, so the breaker never trips',
    service: { ...breaker, staging: { countsFailures: false } },
    image: crashLoop,
    expected: {
      outcome: 'rolled-back',
      annotation: /EssentialContainerExited, container app exit code 3/,
      live: 'v1',
      asBefore: true,
      check: ({ tookMs }) => expect(tookMs).toBeLessThan(MINUTE_MS),
    },
    wasStaged: ({ seen }) =>
      servicesIn(seen).every(({ deployments }) => deployments.every((one) => one.failedTasks === 0)),
  },
  {
    number: 15,
    behaviour: 'failedTasks is reset by tasks that exit before their first health check',
    link: issue('aws/containers-roadmap', 1206),
    staging: 'a task that merely runs sets the count to 0, one task after the other, so the breaker never trips',
    service: { ...breaker, desiredCount: 1, staging: { runningResetsFailures: true } },
    image: { crash: { afterMs: 6_000, exitCode: 3, logs: [] } },
    expected: {
      outcome: 'rolled-back',
      annotation: /exit code 3 \(2 tasks so far\)/,
      live: 'v1',
      asBefore: true,
    },
    wasStaged: ({ seen }) => {
      const counts = servicesIn(seen).flatMap(({ deployments }) =>
        deployments.filter(({ taskDefinition }) => taskDefinition.endsWith(':2')).map(({ failedTasks }) => failedTasks),
      );
      const first = counts.findIndex((count) => count > 0);
      return first >= 0 && counts.slice(first).includes(0) && Math.max(...counts) < 3;
    },
  },
  {
    number: 16,
    behaviour: 'the breaker needs clamp(half of the tasks, 3, 200) failures, so a service of one task needs three',
    link: `${DOCS}/APIReference/API_ServiceDeploymentCircuitBreaker.html`,
    staging: 'one task that crashes, with the breaker on: two failures are enough for the action',
    service: { ...breaker, desiredCount: 1 },
    image: crashLoop,
    expected: {
      outcome: 'rolled-back',
      annotation: /exit code 3 \(2 tasks so far\)/,
      live: 'v1',
      asBefore: true,
      check: ({ seen }) => expect(changesIn(seen).at(-1)).toBe('StopServiceDeployment'),
    },
    wasStaged: ({ seen }) => {
      const stop = seen.findIndex(({ operation }) => operation === 'StopServiceDeployment');
      const last = answersOf(seen.slice(0, stop), 'DescribeServiceDeployments').at(-1);
      const [deployment] = (last?.['serviceDeployments'] ?? []) as { deploymentCircuitBreaker?: object }[];
      const { status, failureCount, threshold } = (deployment?.deploymentCircuitBreaker ?? {}) as Record<
        string,
        unknown
      >;
      return status === 'MONITORING' && failureCount === 2 && threshold === 3;
    },
  },
  {
    number: 17,
    behaviour: 'after a first deployment that failed there is nothing to roll back to, and the rollback itself fails',
    link: issue('hashicorp/terraform-provider-aws', 19519),
    staging: 'a new service whose first image crashes, then a deploy that crashes too',
    service: { ...breaker, desiredCount: 1, isNew: true, image: `${ECR_HOST}/${REPOSITORY}:broken` },
    arrange: ({ world }) => world.ecr.seed(REPOSITORY, 'broken', buildImage({ seed: 'broken', behaviour: crashLoop })),
    image: crashLoop,
    expected: {
      outcome: 'rollback-failed',
      annotation: /exit code 3 \(2 tasks so far\)/,
      says: [/the rollback to agent:1 ended ROLLBACK_FAILED/, /aws ecs update-service .*task-definition\/agent:1/],
      live: null,
      asBefore: false,
    },
    wasStaged: ({ seen }) =>
      JSON.stringify(answersOf(seen, 'ListServiceDeployments')).includes('No rollback candidate was found'),
  },
  {
    number: 18,
    behaviour: 'ListServiceDeployments looks back three months only',
    link: 'https://github.com/hashicorp/terraform-provider-aws/pull/43502',
    staging: 'a service that was last deployed 100 days ago, and a smoke test that fails',
    service: { steadyForMs: 100 * 24 * 60 * MINUTE_MS },
    image: { answers: { '/health': { status: 500, body: 'no model' } } },
    inputs: { 'smoke-tests': '- GET /health: { retry-for: 5s }' },
    expected: {
      outcome: 'rolled-back',
      annotation: /smoke tests failed on agent:2: "GET \/health": /,
      says: [/live now: agent:1/, /agent:1 is live again/],
      live: 'v1',
      asBefore: true,
    },
    wasStaged: ({ seen }) => answersOf(seen, 'ListServiceDeployments')[0]?.['serviceDeployments']?.toString() === '',
  },
];
