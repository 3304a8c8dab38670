import { isObject, type Json, type JsonObject } from '../../json.ts';
import { AwsError } from '../aws-error.ts';
import { compact, readObjects, readString, readStrings, toTimestamp } from '../json.ts';
import { type AwsWorld, arnOf } from '../world.ts';
import { findTaskDefinition } from './find.ts';
import type { TaskDefinition } from './state.ts';

/** What Describe answers and Register doesn't take. */
const READ_ONLY = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'deregisteredAt',
  'deleteRequestedAt',
  'registeredBy',
];

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html */
export function registerTaskDefinition(world: AwsWorld, body: JsonObject): JsonObject {
  ensureValid(body);
  const registeredBy = `arn:aws:sts::${world.account}:assumed-role/deploy/github`;
  return describe(addTaskDefinition(world, body, registeredBy), true);
}

export function describeTaskDefinition(world: AwsWorld, body: JsonObject): JsonObject {
  const found = findTaskDefinition(world, readString(body, 'taskDefinition') ?? '');
  if (!found) throw new AwsError('ClientException', 'Unable to describe task definition.');
  return describe(found, readStrings(body, 'include').includes('TAGS'));
}

/** Adds a revision as it is, without a check: unknown and odd members can be planted so. `registeredBy`: by default another user. */
export function addTaskDefinition(world: AwsWorld, body: JsonObject, registeredBy?: string): TaskDefinition {
  const { tags: _, ...document } = body;
  const family = readString(document, 'family') ?? '';
  const revision =
    1 + Math.max(0, ...world.taskDefinitions.filter((it) => it.family === family).map((it) => it.revision));
  const taskDefinition: TaskDefinition = {
    arn: arnOf(world, 'ecs', `task-definition/${family}:${revision}`),
    family,
    revision,
    document: withDefaults(document),
    tags: readObjects(body, 'tags'),
    registeredBy: registeredBy ?? `arn:aws:sts::${world.account}:assumed-role/terraform/apply`,
    status: 'ACTIVE',
    registeredAt: world.queue.now,
    deregisteredAt: null,
  };
  world.taskDefinitions.push(taskDefinition);
  return taskDefinition;
}

function ensureValid(body: JsonObject): void {
  const family = readString(body, 'family');
  const containers = readObjects(body, 'containerDefinitions');
  if (!family) throw new AwsError('ClientException', 'Family should not be null or empty.');
  if (!/^[\w-]{1,255}$/.test(family)) throw new AwsError('ClientException', 'Family contains invalid characters.');
  if (containers.length === 0) throw new AwsError('ClientException', 'Container list cannot be empty.');
  const readOnly = READ_ONLY.find((name) => body[name] !== undefined);
  if (readOnly) throw new AwsError('ClientException', `Unknown parameter in input: "${readOnly}".`);
  if (Array.isArray(body['tags']) && body['tags'].length === 0) {
    throw new AwsError('InvalidParameterException', 'Tags can not be empty.');
  }
  if (hasNullItem(body)) throw new AwsError('InvalidParameterException', 'A list contains a null value.');
  for (const container of containers) ensureValidContainer(container);
}

function ensureValidContainer(container: JsonObject): void {
  if (!readString(container, 'name'))
    throw new AwsError('ClientException', 'Container.name should not be null or empty.');
  if (!readString(container, 'image'))
    throw new AwsError('ClientException', 'Container.image should not be null or empty.');
  const names = new Set(readObjects(container, 'environment').map(({ name }) => name));
  const shared = readObjects(container, 'secrets').find(({ name }) => names.has(name));
  if (!shared) return;
  throw new AwsError(
    'ClientException',
    'The secret name must be unique and not shared with any new or existing environment variables set on the ' +
      `container, such as '${shared['name']}'.`,
  );
}

function hasNullItem(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.some((item: Json) => item === null || hasNullItem(item));
  return isObject(value) && Object.values(value).some(hasNullItem);
}

/** Register fills in what was left out, so Describe answers more than was sent. */
function withDefaults(document: JsonObject): JsonObject {
  return {
    ...{ volumes: [], placementConstraints: [] },
    ...document,
    containerDefinitions: readObjects(document, 'containerDefinitions').map((container) => ({
      ...{ cpu: 0, portMappings: [], essential: true, environment: [] },
      ...{ mountPoints: [], volumesFrom: [], systemControls: [] },
      ...container,
    })),
  };
}

function describe(taskDefinition: TaskDefinition, withTags: boolean): JsonObject {
  const { arn, document, revision, status } = taskDefinition;
  const described = compact({
    taskDefinitionArn: arn,
    ...document,
    revision,
    status,
    requiresAttributes: [{ name: 'com.amazonaws.ecs.capability.docker-remote-api.1.18' }],
    compatibilities: ['EC2', 'FARGATE'],
    registeredAt: toTimestamp(taskDefinition.registeredAt),
    deregisteredAt: toTimestamp(taskDefinition.deregisteredAt),
    registeredBy: taskDefinition.registeredBy,
  });
  return { taskDefinition: described, ...(withTags ? { tags: taskDefinition.tags } : {}) };
}
