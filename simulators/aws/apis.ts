import type { JsonObject } from '../json.ts';
import { type Access, callerArn } from './access.ts';
import type { Api } from './api-host.ts';
import type { Ecr } from './ecr.ts';
import {
  describeServiceDeployments,
  describeServiceRevisions,
  listServiceDeployments,
  stopServiceDeployment,
} from './ecs/service-deployments.ts';
import { describeServices, updateService } from './ecs/services.ts';
import { tagResource, untagResource } from './ecs/tags.ts';
import { describeTaskDefinition, registerTaskDefinition } from './ecs/task-definitions.ts';
import { describeTasks, getTaskProtection, listTasks } from './ecs/tasks.ts';
import { describeListeners, describeLoadBalancers, describeTargetGroups, describeTargetHealth } from './elbv2.ts';
import type { AwsWorld } from './world.ts';

interface ApiParts {
  readonly world: AwsWorld;
  readonly ecr: Ecr;
  readonly access: Access;
}

type Operation = (world: AwsWorld, body: JsonObject) => JsonObject;

/** Every AWS service that is simulated. Names as in botocore's models. */
export function createApis({ world, ecr, access }: ApiParts): readonly Api[] {
  const { region } = world;
  const bind = (operations: Readonly<Record<string, Operation>>): Api['operations'] =>
    Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, (body) => run(world, body)]));
  return [
    {
      protocol: { service: 'ecs', kind: 'json', namespace: 'AmazonEC2ContainerServiceV20141113' },
      hostnames: [`ecs.${region}.amazonaws.com`],
      operations: bind({
        DescribeServices: describeServices,
        UpdateService: updateService,
        DescribeTaskDefinition: describeTaskDefinition,
        RegisterTaskDefinition: registerTaskDefinition,
        ListServiceDeployments: listServiceDeployments,
        DescribeServiceDeployments: describeServiceDeployments,
        DescribeServiceRevisions: describeServiceRevisions,
        StopServiceDeployment: stopServiceDeployment,
        ListTasks: listTasks,
        DescribeTasks: describeTasks,
        GetTaskProtection: getTaskProtection,
        TagResource: tagResource,
        UntagResource: untagResource,
      }),
    },
    {
      protocol: { service: 'ecr', kind: 'json', namespace: 'AmazonEC2ContainerRegistry_V20150921' },
      hostnames: [`api.ecr.${region}.amazonaws.com`],
      operations: { GetAuthorizationToken: () => ecr.getAuthorizationToken(world.queue.now) },
    },
    {
      protocol: { service: 'ecr-public', kind: 'json', namespace: 'SpencerFrontendService' },
      hostnames: ['api.ecr-public.us-east-1.amazonaws.com'],
      operations: { GetAuthorizationToken: () => ecr.getPublicAuthorizationToken(world.queue.now) },
    },
    {
      protocol: { service: 'logs', kind: 'json', namespace: 'Logs_20140328' },
      hostnames: [`logs.${region}.amazonaws.com`],
      operations: { GetLogEvents: (body) => world.logs.getLogEvents(body) },
    },
    {
      protocol: {
        service: 'elasticloadbalancing',
        kind: 'query',
        namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
      },
      hostnames: [`elasticloadbalancing.${region}.amazonaws.com`],
      operations: bind({
        DescribeTargetGroups: describeTargetGroups,
        DescribeLoadBalancers: describeLoadBalancers,
        DescribeListeners: describeListeners,
        DescribeTargetHealth: describeTargetHealth,
      }),
    },
    {
      protocol: { service: 'sts', kind: 'query', namespace: 'https://sts.amazonaws.com/doc/2011-06-15/' },
      hostnames: [`sts.${region}.amazonaws.com`, 'sts.amazonaws.com'],
      operations: {
        GetCallerIdentity: () => ({
          UserId: 'AROAEXAMPLEID:github',
          Account: access.account,
          Arn: callerArn(access),
        }),
      },
    },
  ];
}
