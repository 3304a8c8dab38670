import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  ListServiceDeploymentsCommand,
  type ServiceDeployment,
  type ServiceDeploymentBrief,
} from '@aws-sdk/client-ecs';
import { DeployError } from '../../../model/errors.ts';
import { type EcsService, readEcs } from './service.ts';

export interface ListedDeployment {
  readonly arn: string;
  /** AWS's clock, milliseconds since 1970: the only times that are compared with each other. */
  readonly createdAt: number;
  /** null: it has not ended. */
  readonly finishedAt: number | null;
  readonly status: string;
  readonly statusReason: string;
  readonly revisionArn: string;
}

export interface KnownDeployment extends ListedDeployment {
  readonly taskDefinition: string;
}

/** The service's deployments: who changed it, in which order, and how that ended. */
export interface EcsDeployments {
  /** Newest first, as far as AWS remembers (90 days). */
  list(): Promise<readonly ListedDeployment[]>;
  /** Those created after this time, newest first, each with its task definition. */
  listSince(createdAfter: number): Promise<readonly KnownDeployment[]>;
  describe(arn: string): Promise<ServiceDeployment>;
  /** Of a service revision; null: AWS does not know it (any more, or yet). */
  findTaskDefinition(revisionArn: string): Promise<string | null>;
}

const AGAIN = 'Run again: AWS shows what is new some seconds late.';
const PAGE_SIZE = 100;
const MAX_PAGES = 20;
const MAX_DESCRIBED = 20;

export function openEcsDeployments(ecs: EcsService): EcsDeployments {
  // What a revision stands for never changes, so it is read once.
  const taskDefinitions = new Map<string, string>();
  return {
    list: () => listDeployments(ecs, null),
    async listSince(createdAfter) {
      const listed = (await listDeployments(ecs, createdAfter)).filter(({ createdAt }) => createdAt > createdAfter);
      const revisions = listed.map(({ revisionArn }) => revisionArn);
      await learnTaskDefinitions(ecs, revisions, taskDefinitions);
      return listed.map((deployment) => withTaskDefinition(deployment, taskDefinitions));
    },
    describe: (arn) => describeDeployment(ecs, arn),
    async findTaskDefinition(revisionArn) {
      await learnTaskDefinitions(ecs, [revisionArn], taskDefinitions);
      return taskDefinitions.get(revisionArn) ?? null;
    },
  };
}

async function listDeployments(ecs: EcsService, createdAfter: number | null): Promise<readonly ListedDeployment[]> {
  const found: ServiceDeploymentBrief[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const command = new ListServiceDeploymentsCommand({
      cluster: ecs.cluster,
      service: ecs.service,
      maxResults: PAGE_SIZE,
      // A second early: on the wire the time is a decimal number of seconds, and the caller compares exactly.
      ...(createdAfter === null ? {} : { createdAt: { after: new Date(createdAfter - 1_000) } }),
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    const call = {
      what: `list the deployments of ${ecs.resource}`,
      action: 'ecs:ListServiceDeployments',
      holds: ['serviceDeployments'],
    };
    const answer = await readEcs(ecs, call, (options) => ecs.client.send(command, options));
    found.push(...(answer.serviceDeployments ?? []));
    nextToken = answer.nextToken;
    if (!nextToken) break;
  }
  // AWS promises no order.
  return found.map(toListed).sort((a, b) => b.createdAt - a.createdAt);
}

function toListed(brief: ServiceDeploymentBrief): ListedDeployment {
  return {
    arn: brief.serviceDeploymentArn ?? '',
    createdAt: brief.createdAt?.getTime() ?? 0,
    finishedAt: brief.finishedAt?.getTime() ?? null,
    status: brief.status ?? '',
    statusReason: brief.statusReason ?? '',
    revisionArn: brief.targetServiceRevisionArn ?? '',
  };
}

async function learnTaskDefinitions(
  ecs: EcsService,
  revisionArns: readonly string[],
  known: Map<string, string>,
): Promise<void> {
  const unknown = [...new Set(revisionArns)].filter((arn) => arn !== '' && !known.has(arn));
  for (let start = 0; start < unknown.length; start += MAX_DESCRIBED) {
    const command = new DescribeServiceRevisionsCommand({
      serviceRevisionArns: unknown.slice(start, start + MAX_DESCRIBED),
    });
    const holds = ['serviceRevisions', 'failures'];
    const call = { what: `read the revisions of ${ecs.resource}`, action: 'ecs:DescribeServiceRevisions', holds };
    const { serviceRevisions = [] } = await readEcs(ecs, call, (options) => ecs.client.send(command, options));
    for (const { serviceRevisionArn, taskDefinition } of serviceRevisions) {
      if (serviceRevisionArn && taskDefinition) known.set(serviceRevisionArn, taskDefinition);
    }
  }
}

function withTaskDefinition(deployment: ListedDeployment, known: ReadonlyMap<string, string>): KnownDeployment {
  const taskDefinition = known.get(deployment.revisionArn);
  if (taskDefinition) return { ...deployment, taskDefinition };
  // Whose deployment this is decides what happens next, so a revision that is not readable yet is read again.
  throw new DeployError(
    'NETWORK',
    `could not read service revision ${shortArn(deployment.revisionArn)}: AWS does not show it yet`,
    { hint: AGAIN },
  );
}

async function describeDeployment(ecs: EcsService, arn: string): Promise<ServiceDeployment> {
  const command = new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] });
  const holds = ['serviceDeployments', 'failures'];
  const call = { what: `read the deployment of ${ecs.resource}`, action: 'ecs:DescribeServiceDeployments', holds };
  const { serviceDeployments = [], failures = [] } = await readEcs(ecs, call, (options) =>
    ecs.client.send(command, options),
  );
  const [deployment] = serviceDeployments;
  if (deployment) return deployment;
  const reason = failures[0]?.reason ?? 'no answer';
  throw new DeployError('NETWORK', `could not read service deployment ${shortArn(arn)}: ${reason}`, { hint: AGAIN });
}

function shortArn(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
