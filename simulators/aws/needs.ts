import type { JsonObject } from '../json.ts';
import { readString } from './json.ts';
import type { Need } from './policy.ts';

interface Place {
  readonly account: string;
  readonly region: string;
}

/** What a call of an API needs, by https://docs.aws.amazon.com/service-authorization/latest/reference/. Of STS: nothing. */
export function needsOf(service: string, call: { operation: string; body: JsonObject }, place: Place): readonly Need[] {
  const action = `${service}:${call.operation}`;
  const need = (resource: string, context: Need['context'] = {}): Need => ({ action, resource, context });
  if (service === 'sts') return [];
  if (service === 'logs') return [need(logStreamOf(call.body, place))];
  // https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html
  if (service === 'ecr-public') return [need('*'), { action: 'sts:GetServiceBearerToken', resource: '*', context: {} }];
  return service === 'ecs' ? ecsNeeds(call, place, need) : [need('*')];
}

type NeedOf = (resource: string, context?: Need['context']) => Need;

function ecsNeeds({ operation, body }: { operation: string; body: JsonObject }, place: Place, need: NeedOf) {
  switch (operation) {
    case 'DescribeServices':
      return textsAt(body, 'services').map((service) => need(serviceArn(body, service, place)));
    case 'UpdateService':
    case 'ListServiceDeployments':
      return [need(serviceArn(body, readString(body, 'service') ?? '', place))];
    case 'DescribeServiceDeployments':
      return textsAt(body, 'serviceDeploymentArns').map((arn) => need(arn));
    case 'DescribeServiceRevisions':
      return textsAt(body, 'serviceRevisionArns').map((arn) => need(arn));
    case 'StopServiceDeployment':
      return [need(readString(body, 'serviceDeploymentArn') ?? '')];
    case 'TagResource':
      return [need(readString(body, 'resourceArn') ?? '', { 'aws:TagKeys': keysIn(body) })];
    case 'UntagResource':
      return [need(readString(body, 'resourceArn') ?? '', { 'aws:TagKeys': textsAt(body, 'tagKeys') })];
    case 'ListTasks':
    case 'DescribeTasks':
    case 'GetTaskProtection':
      return [need('*', { 'ecs:cluster': [clusterArn(body, place)] })];
    case 'RegisterTaskDefinition':
      return [need('*'), ...registrationNeeds(body, place)];
    default:
      return [need('*')];
  }
}

/** Tags on a new task definition, and the roles that its tasks get. */
function registrationNeeds(body: JsonObject, { account, region }: Place): readonly Need[] {
  const context = { 'aws:TagKeys': keysIn(body), 'ecs:CreateAction': ['RegisterTaskDefinition'] };
  const family = `arn:aws:ecs:${region}:${account}:task-definition/${readString(body, 'family')}:*`;
  const tags = keysIn(body).length === 0 ? [] : [{ action: 'ecs:TagResource', resource: family, context }];
  const roles = ['taskRoleArn', 'executionRoleArn'].flatMap((key) => readString(body, key) ?? []);
  const passed = { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] };
  return [...tags, ...roles.map((resource) => ({ action: 'iam:PassRole', resource, context: passed }))];
}

function serviceArn(body: JsonObject, service: string, place: Place): string {
  if (service.startsWith('arn:')) return service;
  return `${clusterArn(body, place).replace(':cluster/', ':service/')}/${service}`;
}

function clusterArn(body: JsonObject, { account, region }: Place): string {
  const cluster = (readString(body, 'cluster') ?? 'default').split('/').at(-1);
  return `arn:aws:ecs:${region}:${account}:cluster/${cluster}`;
}

function logStreamOf(body: JsonObject, { account, region }: Place): string {
  const [group, stream] = [readString(body, 'logGroupName'), readString(body, 'logStreamName')];
  return `arn:aws:logs:${region}:${account}:log-group:${group}:log-stream:${stream}`;
}

function keysIn(body: JsonObject): readonly string[] {
  const tags = Array.isArray(body['tags']) ? (body['tags'] as readonly JsonObject[]) : [];
  return tags.flatMap((tag) => readString(tag, 'key') ?? []);
}

function textsAt(body: JsonObject, key: string): readonly string[] {
  const texts = body[key];
  return Array.isArray(texts) ? texts.map(String) : [];
}
