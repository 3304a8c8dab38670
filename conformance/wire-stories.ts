import type { ChildProcess } from 'node:child_process';
import type { Agent } from '../simulators/agent.ts';
import { CLUSTER, REPOSITORY, SERVICE } from '../simulators/agent-service.ts';
import type { ServiceOptions } from '../simulators/aws/ecs/add-service.ts';
import type { Behaviour } from '../simulators/behaviour.ts';
import { buildImage } from '../simulators/images.ts';
import { cancel } from '../simulators/runner.ts';
import { ACCOUNT, ECR_HOST, ECR_PUBLIC_HOST } from '../simulators/world.ts';

/** A run of the whole action whose traffic with AWS is recorded. */
export interface WireStory {
  readonly title: string;
  /** The outcome that main or post has to report, so that the story is known to have been told. */
  readonly outcome: string;
  readonly service?: Partial<ServiceOptions>;
  readonly behaviour?: Partial<Behaviour>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Before the run. */
  readonly given?: (agent: Agent) => void;
  /** While main runs, that long after its start. */
  readonly meanwhile?: {
    readonly afterMs: number;
    readonly happens: (agent: Agent, main: ChildProcess) => void;
  };
}

/** No model knows them; they have to come through all the same. */
export const PLANTED = ['futureServiceField', 'futureTaskField', 'futureContainerField'];

const fails: Partial<Behaviour> = { answers: { '/predict': { status: 500, body: 'model not found' } } };
const crashes: Partial<Behaviour> = { crash: { afterMs: 1_000, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] } };
const breaker = { enable: true, rollback: true };

const awslogs = { 'awslogs-group': '/ecs/agent', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'ecs' };
const sidecarred: Partial<ServiceOptions> = {
  containers: [
    {
      name: 'web',
      image: `${ECR_HOST}/agent:v1`,
      essential: true,
      portMappings: [{ containerPort: 8080, protocol: 'tcp' }],
      environment: [{ name: 'LOG_LEVEL', value: 'DEBUG' }],
      secrets: [{ name: 'KEY', valueFrom: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:key' }],
      healthCheck: { command: ['CMD-SHELL', 'curl -f http://localhost:8080/'], interval: 5, retries: 3, timeout: 2 },
      logConfiguration: { logDriver: 'awslogs', options: awslogs },
      futureContainerField: { deep: [1, 'two'] },
    },
    { name: 'sidecar', image: `${ECR_HOST}/agent:v1`, essential: false },
  ],
  taskDefinitionExtras: { futureTaskField: 'kept' },
  serviceExtras: { futureServiceField: true },
  taskDefinitionTags: [{ key: 'team', value: 'agents' }],
  tags: [{ key: 'team', value: 'agents' }],
};

const foreignDeploy = (agent: Agent): void => {
  const image = buildImage({ seed: 'another', behaviour: { version: 'another' } });
  agent.world.ecr.seed(REPOSITORY, 'another', image);
  agent.world.aws.foreignDeploy(CLUSTER, SERVICE, `${ECR_HOST}/${REPOSITORY}@${image.digest}`);
};

export const wireStories: readonly WireStory[] = [
  { title: 'a good deploy', outcome: 'deployed' },
  {
    title: 'an image in the public registry',
    outcome: 'deployed',
    inputs: { image: `${ECR_PUBLIC_HOST}/acme/agent:v1`, 'registry-username': '', 'registry-password': '' },
    given: ({ world }) =>
      world.ecrPublic.seed('acme/agent', 'v1', buildImage({ seed: 'public', behaviour: { version: 'v2' } })),
  },
  { title: 'a plan', outcome: 'planned', inputs: { mode: 'plan' } },
  { title: 'the expected account', outcome: 'deployed', inputs: { 'expected-account': ACCOUNT } },
  { title: 'another account', outcome: 'refused', inputs: { 'expected-account': '210987654321' } },
  { title: 'an address that is looked up in vain', outcome: 'refused', inputs: { url: '' } },
  {
    title: 'unknown members, a sidecar and tags',
    outcome: 'deployed',
    service: sidecarred,
    inputs: { container: 'web' },
  },
  {
    title: 'variables and secrets',
    outcome: 'deployed',
    inputs: { 'environment-variables': 'LOG_LEVEL: INFO', secrets: 'KEY: agent-key' },
  },
  { title: 'a smoke test fails', outcome: 'rolled-back', behaviour: fails },
  { title: 'a failure that is kept', outcome: 'kept', behaviour: fails, inputs: { 'on-failure': 'keep' } },
  { title: 'a crash loop', outcome: 'rolled-back', behaviour: crashes },
  {
    title: 'a crash loop with a circuit breaker',
    outcome: 'rolled-back',
    behaviour: crashes,
    service: { circuitBreaker: breaker },
  },
  {
    title: 'health checks fail from 20 s on, with a circuit breaker',
    outcome: 'rolled-back',
    behaviour: { unhealthyAfterMs: 20_000 },
    service: { circuitBreaker: breaker, staging: { deregistrationDelayMs: 5_000 } },
    inputs: { 'smoke-tests': '- GET /: { retry-for: 60s }\n- run: sleep 0' },
  },
  {
    title: 'a secret is missing',
    outcome: 'rolled-back',
    inputs: { secrets: 'OPENAI_API_KEY: openai-api-key' },
    given: (agent) => agent.world.aws.removeSecret('openai-api-key'),
  },
  {
    title: 'old tasks that are protected from scale-in',
    outcome: 'deployed',
    service: { staging: { protection: { since: 1_900_000_000_000, until: 2_208_988_800_000 } } },
  },
  { title: 'no capacity', outcome: 'rolled-back', service: { staging: { capacity: 2 } }, inputs: { timeout: '90s' } },
  {
    title: 'the target group is deleted on the way',
    outcome: 'rollback-unconfirmed',
    meanwhile: {
      afterMs: 10_000,
      happens: (agent) => agent.world.aws.setService(CLUSTER, SERVICE, { targetGroupDeleted: true }),
    },
    inputs: { timeout: '60s', 'rollback-timeout': '60s' },
  },
  {
    title: 'a cancelled job',
    outcome: 'rolled-back',
    meanwhile: { afterMs: 20_000, happens: (_agent, main) => cancel(main) },
  },
  {
    title: 'a killed job',
    outcome: 'rolled-back',
    meanwhile: { afterMs: 20_000, happens: (_agent, main) => main.kill('SIGKILL') },
  },
  {
    title: 'a foreign deployment on the way',
    outcome: 'superseded',
    meanwhile: { afterMs: 15_000, happens: foreignDeploy },
  },
  { title: 'no load balancer', outcome: 'deployed', service: { loadBalanced: false } },
  { title: 'no running task wanted', outcome: 'refused', service: { desiredCount: 0, loadBalanced: false } },
  {
    title: 'a daemon',
    outcome: 'deployed',
    service: { schedulingStrategy: 'DAEMON', desiredCount: 1, loadBalanced: false },
  },
  { title: 'a service that CodeDeploy drives', outcome: 'refused', service: { deploymentController: 'CODE_DEPLOY' } },
  { title: 'another cluster', outcome: 'refused', inputs: { cluster: 'staging' } },
  { title: 'another service', outcome: 'refused', inputs: { service: 'agnet' } },
  {
    title: 'no permission to change the service',
    outcome: 'refused',
    given: (agent) => agent.world.aws.deny('ecs:UpdateService'),
  },
  {
    title: 'no permission to look at load balancers and logs',
    outcome: 'rolled-back',
    behaviour: crashes,
    given: (agent) => {
      agent.world.aws.deny('elasticloadbalancing:DescribeTargetHealth');
      agent.world.aws.deny('logs:GetLogEvents');
    },
  },
  {
    title: 'credentials that end on the way',
    outcome: 'rollback-failed',
    meanwhile: {
      afterMs: 20_000,
      happens: ({ world }) => world.aws.expireCredentialsAt(world.clock.now()),
    },
    inputs: { timeout: '60s' },
  },
];
