import { expect } from '@jest/globals';
import { ECR_HOST } from '../../simulators/world.ts';
import { type BehaviourRow, issue, MINUTE_MS } from './ecs-behaviour.ts';
import { answersOf, servicesIn } from './watch-ecs.ts';

const OFFICIAL = 'aws-actions/amazon-ecs-deploy-task-definition';

export const behaviours19to26: readonly BehaviourRow[] = [
  {
    number: 19,
    behaviour:
      'what DescribeTaskDefinition answers is not valid for RegisterTaskDefinition, and old SDKs drop new keys',
    link: issue(OFFICIAL, 22),
    staging:
      'a definition with keys that no SDK knows, at the top and in a container, and the nine that cannot be sent',
    service: {
      containers: [
        { name: 'app', image: `${ECR_HOST}/agent:v1`, essential: true, restartPolicyV2: { deep: [1, { two: 3 }] } },
      ],
      taskDefinitionExtras: { enableQuantumStart: 'yes' },
    },
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: ({ agent, result }) => {
        const [before, after] = agent.world.aws.ecs.taskDefinitions.map(({ document }) => document);
        const containers = (before!['containerDefinitions'] as object[]).map((container) => ({
          ...container,
          image: result.main.outputs['image'],
        }));
        expect(after).toEqual({ ...before, containerDefinitions: containers });
        expect(after).toMatchObject({ enableQuantumStart: 'yes' });
      },
    },
    wasStaged: ({ seen }) => {
      const [described] = answersOf(seen, 'DescribeTaskDefinition').map(
        ({ taskDefinition }) => taskDefinition as object,
      );
      return ['revision', 'status', 'requiresAttributes', 'registeredAt', 'restartPolicyV2'].every((name) =>
        JSON.stringify(described).includes(`"${name}"`),
      );
    },
  },
  {
    number: 20,
    behaviour: 'lists in a task definition hold nulls, which RegisterTaskDefinition refuses',
    link: `https://github.com/${OFFICIAL}/pull/63`,
    staging: 'a definition with nulls in its environment, its port mappings and its volumes',
    service: {
      containers: [
        {
          ...{ name: 'app', image: `${ECR_HOST}/agent:v1`, essential: true },
          environment: [null, { name: 'MODE', value: 'fast' }],
          portMappings: [{ containerPort: 8080 }, null],
        },
      ],
      taskDefinitionExtras: { volumes: [null] },
    },
    inputs: { 'environment-variables': 'LOG_LEVEL: INFO' },
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: ({ agent }) =>
        expect(agent.world.aws.ecs.taskDefinitions.at(-1)?.document).toMatchObject({
          volumes: [],
          containerDefinitions: [
            {
              portMappings: [{ containerPort: 8080 }],
              environment: [
                { name: 'MODE', value: 'fast' },
                { name: 'LOG_LEVEL', value: 'INFO' },
              ],
            },
          ],
        }),
    },
    wasStaged: ({ seen }) => JSON.stringify(answersOf(seen, 'DescribeTaskDefinition')).includes('[null'),
  },
  {
    number: 21,
    behaviour: 'an image that cannot be pulled leaves tasks pending, and the rollout waits without end',
    link: issue(OFFICIAL, 62),
    staging: 'the execution role may not pull any more; there is no circuit breaker',
    service: { staging: { pullDenied: true } },
    expected: {
      outcome: 'rolled-back',
      annotation: /TaskFailedToStart, CannotPullContainerError.*Next step: /,
      live: 'v1',
      asBefore: true,
      check: ({ tookMs }) => expect(tookMs).toBeLessThan(MINUTE_MS),
    },
    wasStaged: ({ seen }) =>
      servicesIn(seen).every(({ deployments }) =>
        deployments.every((one) => one.rolloutState !== 'FAILED' || one.runningCount === 0),
      ),
  },
  {
    number: 22,
    behaviour: 'the target group was deleted: new tasks run, never get healthy, and the deployment is stuck',
    link: issue('aws/containers-roadmap', 1884),
    staging: 'registering targets fails with "The specified target group does not exist"',
    service: { staging: { targetGroupDeleted: true } },
    expected: {
      outcome: 'rollback-unconfirmed',
      annotation: /target group does not exist/,
      says: [/GET \/health" fails on agent:1 too: .*503/, /aws ecs update-service/],
      live: null,
      asBefore: true,
      check: ({ tookMs }) => expect(tookMs).toBeLessThan(3 * MINUTE_MS),
    },
    wasStaged: ({ seen }) => JSON.stringify(answersOf(seen, 'DescribeServices')).includes('failed to register targets'),
  },
  {
    number: 23,
    behaviour: 'old tasks are stopped while the new ones still fail their health checks',
    link: issue('aws/amazon-ecs-agent', 1298),
    staging: 'minimumHealthyPercent 0, and a health check path that answers 500',
    service: { minimumHealthyPercent: 0 },
    image: { answers: { '/': { status: 500, body: 'no model' } } },
    expected: {
      outcome: 'rolled-back',
      annotation: /failed ELB health checks/,
      says: [/Health checks failed with these codes: \[500\]/],
      live: 'v1',
      asBefore: true,
    },
    wasStaged: ({ seen }) =>
      servicesIn(seen).some(({ deployments: [primary, old], desiredCount }) => {
        const isOurs = primary?.taskDefinition.endsWith(':2') && primary.runningCount === desiredCount;
        return isOurs && (old?.desiredCount ?? 0) === 0;
      }),
  },
  {
    number: 24,
    behaviour: 'a slow start is killed by a low unhealthy threshold',
    link: issue('aws/amazon-ecs-agent', 169),
    staging: 'containers that need 45 s, two failed checks in 20 s, no grace period',
    image: { readyAfterMs: 45_000 },
    expected: {
      outcome: 'rolled-back',
      annotation: /failed ELB health checks.*Next step: .*grace period/,
      live: 'v1',
      asBefore: true,
      check: ({ tookMs }) => expect(tookMs).toBeLessThan(2 * MINUTE_MS),
    },
    wasStaged: ({ seen }) => JSON.stringify(answersOf(seen, 'DescribeTasks')).includes('failed ELB health checks'),
  },
  {
    number: 25,
    behaviour: 'throttling uses up the three attempts of an SDK',
    link: issue(OFFICIAL, 502),
    staging: 'the first three UpdateService calls are answered with ThrottlingException',
    disturb: ({ world }) => {
      const body = JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' });
      for (const nth of [1, 2, 3]) {
        const act = { kind: 'status', status: 400, body } as const;
        world.edge.faults.add({ operation: /^ecs:UpdateService$/, nth, when: 'before', act });
      }
    },
    expected: { outcome: 'deployed', live: 'v2', asBefore: false },
    wasStaged: ({ agent }) => {
      const calls = agent.world.edge.calls.filter(({ operation }) => operation === 'ecs:UpdateService');
      return calls.map(({ status }) => status).join() === '400,400,400,200';
    },
  },
  {
    number: 26,
    behaviour: 'an answer to RegisterTaskDefinition is lost, the SDK tries again, and there are two revisions',
    link: 'https://github.com/aws/aws-sdk-js-v3',
    staging: 'the connection breaks after the revision was registered (measured, facts/spine.md 4)',
    disturb: ({ world }) =>
      world.edge.faults.add({
        operation: /^ecs:RegisterTaskDefinition$/,
        nth: 1,
        when: 'after',
        act: { kind: 'drop' },
      }),
    expected: {
      outcome: 'deployed',
      says: [/Registering agent:3 took 2 attempts: an unused revision just before it may stay registered/],
      live: 'v2',
      asBefore: false,
      check: ({ result }) =>
        expect(result.main.outputs).toMatchObject({ revision: 'agent:3', 'previous-revision': 'agent:1' }),
    },
    wasStaged: ({ agent }) => agent.world.aws.ecs.taskDefinitions.length === 3,
  },
];
