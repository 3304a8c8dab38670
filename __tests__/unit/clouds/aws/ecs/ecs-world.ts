import { type Answer, AwsError, type Body, openWire, type Wire } from '../wire-fake.ts';

const PREFIX = 'arn:aws:ecs:eu-west-1:123456789012';
export const definitionArn = (name: string): string => `${PREFIX}:task-definition/${name}`;

interface Deployment {
  readonly id: string;
  readonly taskDefinition: string;
  readonly createdAt: number;
  readonly source: string;
  status: string;
  listed: boolean;
  finishedAt?: number;
  /** Tasks that run, as the deployment counts them; 0 where it is absent. */
  running?: number;
  rollback?: { readonly reason: string };
}

/** One service whose state the test sets; updates and stops change it as ECS does, with no time in between. */
export interface EcsWorld {
  readonly wire: Wire;
  service: Body;
  readonly definitions: Map<string, { document: Body; tags?: readonly Body[] }>;
  readonly deployments: Deployment[];
  readonly tasks: Body[];
  readonly denied: Set<string>;
  /** Overrides for single operations. */
  readonly answers: Record<string, Answer>;
  start(name: string, status?: string): Deployment;
  /** The deployment of what the service names now: the service says so too. */
  succeed(deployment: Deployment): void;
  mutations(): readonly string[];
}

const MUTATIONS = /^(?:UpdateService|StopServiceDeployment|RegisterTaskDefinition)$/;

/** `agent:41` serves, deployed successfully. */
export async function openEcsWorld(): Promise<EcsWorld> {
  const answers: Record<string, Answer> = {};
  const denied = new Set<string>();
  const table: Record<string, Answer> = {};
  for (const operation of OPERATIONS) {
    table[operation] = (body) => {
      if (denied.has(operation)) return new AwsError('AccessDeniedException', 'denied');
      return (answers[operation] ?? defaults[operation])?.(body) ?? {};
    };
  }
  const wire = await openWire(table);
  let time = 1_000;
  const world: EcsWorld = {
    wire,
    answers,
    denied,
    definitions: new Map(),
    deployments: [],
    tasks: [],
    service: {},
    start(name, status = 'IN_PROGRESS') {
      time += 1;
      const source = String(world.service['taskDefinition'] ?? definitionArn(name));
      const id = `${PREFIX}:service-deployment/production/agent/d${time}`;
      const started = { id, taskDefinition: definitionArn(name), createdAt: time, source, status, listed: true };
      world.deployments.push(started);
      world.service = serviceOf(definitionArn(name), time, status === 'SUCCESSFUL');
      return started;
    },
    succeed(deployment) {
      deployment.status = 'SUCCESSFUL';
      world.service = serviceOf(deployment.taskDefinition, deployment.createdAt, true);
    },
    mutations: () => wire.calls.map(({ operation }) => operation).filter((operation) => MUTATIONS.test(operation)),
  };
  const defaults = describeWorld(world);
  world.definitions.set(definitionArn('agent:41'), {
    document: { family: 'agent', containerDefinitions: [{ name: 'web', image: 'ghcr.io/acme/agent:v1' }] },
  });
  world.start('agent:41', 'SUCCESSFUL');
  return world;
}

function serviceOf(taskDefinition: string, createdAt: number, complete: boolean): Body {
  const rolloutState = complete ? 'COMPLETED' : 'IN_PROGRESS';
  return {
    serviceName: 'agent',
    status: 'ACTIVE',
    taskDefinition,
    desiredCount: 2,
    runningCount: 2,
    deployments: [{ status: 'PRIMARY', rolloutState, taskDefinition, createdAt }],
    events: [],
  };
}

const OPERATIONS = [
  'DescribeServices',
  'UpdateService',
  'ListServiceDeployments',
  'DescribeServiceDeployments',
  'DescribeServiceRevisions',
  'StopServiceDeployment',
  'DescribeTaskDefinition',
  'RegisterTaskDefinition',
  'ListTasks',
  'DescribeTasks',
  'GetLogEvents',
  'DescribeTargetHealth',
  'DescribeTargetGroups',
  'DescribeListeners',
  'DescribeLoadBalancers',
] as const;

function describeWorld(world: EcsWorld): Record<string, Answer> {
  const revision = (taskDefinition: string): string =>
    `${PREFIX}:service-revision/production/agent/${taskDefinition.split('/')[1]?.replace(':', '-')}`;
  const describe = ({
    id,
    createdAt,
    finishedAt,
    status,
    taskDefinition,
    source,
    rollback,
    running = 0,
  }: Deployment): Body => ({
    serviceDeploymentArn: id,
    createdAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    status,
    targetServiceRevisionArn: revision(taskDefinition),
    targetServiceRevision: { arn: revision(taskDefinition), requestedTaskCount: 2, runningTaskCount: running },
    sourceServiceRevisions: [{ arn: revision(source) }],
    ...(rollback ? { rollback: { ...rollback, serviceRevisionArn: revision(source) } } : {}),
  });
  return {
    DescribeServices: () => ({ services: [world.service], failures: [] }),
    ListServiceDeployments: () => ({
      serviceDeployments: world.deployments.filter(({ listed }) => listed).map(describe),
    }),
    DescribeServiceDeployments: ({ serviceDeploymentArns }) => ({
      serviceDeployments: world.deployments
        .filter(({ id }) => (serviceDeploymentArns as string[]).includes(id))
        .map(describe),
    }),
    DescribeServiceRevisions: ({ serviceRevisionArns }) => ({
      serviceRevisions: (serviceRevisionArns as string[]).map((arn) => ({
        serviceRevisionArn: arn,
        taskDefinition: definitionArn((arn.split('/').at(-1) ?? '').replace('-', ':')),
      })),
    }),
    UpdateService: ({ taskDefinition, forceNewDeployment }) => {
      if (taskDefinition !== world.service['taskDefinition'] || forceNewDeployment) {
        const running = world.deployments.filter(({ status }) => status === 'IN_PROGRESS');
        for (const deployment of running) deployment.status = 'STOPPED';
        world.start(String(taskDefinition).split('/')[1] ?? '');
      }
      return { service: world.service };
    },
    StopServiceDeployment: ({ serviceDeploymentArn }) => {
      const ours = world.deployments.find(({ id }) => id === serviceDeploymentArn);
      if (ours?.status !== 'IN_PROGRESS') return new AwsError('ConflictException', 'not in progress');
      ours.status = 'ROLLBACK_IN_PROGRESS';
      ours.rollback = { reason: 'requested by a user' };
      return { serviceDeploymentArn };
    },
    DescribeTaskDefinition: ({ taskDefinition }) => {
      const found = world.definitions.get(String(taskDefinition));
      if (!found) return new AwsError('ClientException', 'Unable to describe task definition.');
      const audit = { taskDefinitionArn: taskDefinition, status: 'ACTIVE', revision: 1, registeredAt: 1_700_000_000.5 };
      return { taskDefinition: { ...audit, ...found.document }, ...(found.tags ? { tags: found.tags } : {}) };
    },
    RegisterTaskDefinition: ({ tags, ...document }) => {
      const arn = definitionArn(`${document['family']}:${41 + world.definitions.size}`);
      world.definitions.set(arn, { document, ...(tags ? { tags: tags as Body[] } : {}) });
      return { taskDefinition: { taskDefinitionArn: arn } };
    },
    ListTasks: ({ desiredStatus }) => ({
      taskArns: world.tasks.filter((task) => task['desiredStatus'] === desiredStatus).map(({ taskArn }) => taskArn),
    }),
    DescribeTasks: ({ tasks }) => ({
      tasks: world.tasks.filter(({ taskArn }) => (tasks as unknown[]).includes(taskArn)),
    }),
    GetLogEvents: () => ({ events: [] }),
  };
}
