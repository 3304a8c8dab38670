import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { givenAgent } from './agent.ts';
import { mutations, type RefusalRow } from './refusal.ts';

interface Row extends Omit<RefusalRow, 'arrange'> {
  readonly service?: Parameters<typeof givenAgent>[0];
  readonly given?: (agent: Agent) => void;
}

const rows: readonly Row[] = [
  { name: 'a tag that does not exist', image: () => 'ghcr.io/acme/agent:v3', code: 'IMAGE_NOT_FOUND', says: ['v3'] },
  {
    name: 'a wrong container',
    inputs: { container: 'wbe' },
    code: 'INPUT_INVALID',
    says: ['there is no container wbe'],
  },
  {
    name: 'a wrong cluster',
    inputs: { cluster: 'staging' },
    code: 'NOT_FOUND',
    says: ['Check the inputs `cluster` and `region` first'],
  },
  {
    name: 'a definition that was deregistered',
    given: ({ world }) => world.aws.deregisterTaskDefinition(world.aws.ecs.services[0]!.taskDefinition.arn),
    code: 'UNSUPPORTED',
    says: ['could not guarantee a rollback', 'is deregistered'],
  },
  {
    name: 'a destination that does not exist',
    inputs: { 'copy-to': `${ECR_HOST}/missing` },
    code: 'NOT_FOUND',
    says: ['Create the repository'],
  },
  { name: 'a service of CodeDeploy', inputs: { service: 'blue-green' }, code: 'UNSUPPORTED', says: ['CODE_DEPLOY'] },
  {
    name: 'a missing permission',
    given: ({ world }) => world.aws.deny('ecs:ListServiceDeployments'),
    code: 'PERMISSION_DENIED',
    says: ['Add ecs:ListServiceDeployments'],
  },
  {
    name: 'a desired count of 0',
    given: ({ world }) => world.aws.setService(CLUSTER, SERVICE, { desiredCount: 0 }),
    code: 'UNSUPPORTED',
    says: ['allow-empty: true'],
  },
  {
    name: 'percentages with which no task can be stopped or started',
    service: { service: { desiredCount: 1, minimumHealthyPercent: 100, maximumPercent: 134 } },
    code: 'UNSUPPORTED',
    says: ['134', '100'],
  },
  { name: 'a canary', inputs: { strategy: 'canary' }, code: 'UNSUPPORTED', says: ['could not use canary'] },
  {
    name: 'a push without a login',
    inputs: { 'copy-to': 'public.ecr.aws/acme/agent' },
    code: 'AUTH_FAILED',
    says: ['ecr-public:GetAuthorizationToken'],
    given: ({ world }) => world.aws.deny('ecr-public:GetAuthorizationToken'),
  },
];

export const ecsRefusals: readonly RefusalRow[] = rows.map(({ service, given, ...row }) => ({
  ...row,
  async arrange() {
    const agent = await givenAgent(service ?? {});
    const { world } = agent;
    const options = { desiredCount: 1, loadBalanced: false, deploymentController: 'CODE_DEPLOY' } as const;
    world.aws.addService({ cluster: CLUSTER, service: 'blue-green', image: `${ECR_HOST}/agent:v1`, ...options });
    // The guide's policy names one service and one repository: others are denied, whether or not they exist.
    world.aws.enforce(null);
    given?.(agent);
    return agent;
  },
  ensureUntouched(agent) {
    const changes = mutations(agent).filter((call) => call.startsWith('ecs:'));
    if (changes.length > 0) throw new Error(`changed: ${changes.join(', ')}`);
  },
}));
