import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../json.ts';
import { AwsError } from '../aws-error.ts';
import { readNumber, readObject, readString, readStrings } from '../json.ts';
import { type AwsWorld, arnOf } from '../world.ts';
import { findService, findTaskDefinition, readCluster, readService } from './find.ts';
import { startRollout } from './rollout.ts';
import { reconcile } from './scheduler.ts';
import { loadBalancersOf, viewService } from './service-view.ts';
import type { Service, TaskDefinition } from './state.ts';

/** Members that are kept as they are, and whose change starts a deployment. */
const ROLLED_OUT = [
  'networkConfiguration',
  'platformVersion',
  'loadBalancers',
  'serviceRegistries',
  'serviceConnectConfiguration',
  'volumeConfigurations',
  'vpcLatticeConfigurations',
];
const KEPT = [
  'capacityProviderStrategy',
  'placementConstraints',
  'placementStrategy',
  'enableExecuteCommand',
  'enableECSManagedTags',
  'propagateTags',
  'availabilityZoneRebalancing',
];

export function describeServices(world: AwsWorld, body: JsonObject): JsonObject {
  const cluster = readCluster(world, body);
  const references = readStrings(body, 'services');
  if (references.length === 0) throw new AwsError('InvalidParameterException', 'Services cannot be empty.');
  if (references.length > 10)
    throw new AwsError('InvalidParameterException', 'Services cannot have more than 10 elements.');
  const withTags = readStrings(body, 'include').includes('TAGS');
  const found = references.map((reference) => ({ reference, service: findService(world, cluster, reference) }));
  return {
    services: found.flatMap(({ service }) => (service ? [viewService(world, service, withTags)] : [])),
    failures: found
      .filter(({ service }) => !service)
      .map(({ reference }) => ({
        arn: reference.startsWith('arn:') ? reference : arnOf(world, 'ecs', `service/${cluster}/${reference}`),
        reason: 'MISSING',
      })),
  };
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html */
export function updateService(world: AwsWorld, body: JsonObject): JsonObject {
  const service = readService(world, body);
  if (service.status !== 'ACTIVE') throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.');
  const taskDefinition = readTaskDefinition(world, service, body);
  ensureDesiredCount(service, body);
  const changed = applyMembers(service, body);
  if (taskDefinition !== service.taskDefinition || changed || body['forceNewDeployment'] === true) {
    startRollout(world, service, taskDefinition);
  } else {
    reconcile(world, service);
  }
  return { service: viewService(world, service, true) };
}

function readTaskDefinition(world: AwsWorld, service: Service, body: JsonObject): TaskDefinition {
  const reference = readString(body, 'taskDefinition');
  const rollsOut = reference !== null || body['forceNewDeployment'] === true;
  if (rollsOut && service.deploymentController === 'CODE_DEPLOY') {
    throw new AwsError(
      'InvalidParameterException',
      'Unable to update task definition on services with a CODE_DEPLOY deployment controller. ' +
        'Use AWS CodeDeploy to trigger a new deployment.',
    );
  }
  if (rollsOut && service.deploymentController === 'EXTERNAL') {
    throw new AwsError(
      'InvalidParameterException',
      'Cannot specify task definition when deploymentController is EXTERNAL.',
    );
  }
  if (reference === null) return service.taskDefinition;
  const found = findTaskDefinition(world, reference);
  if (!found) throw new AwsError('ClientException', 'TaskDefinition not found.');
  if (found.status === 'INACTIVE') throw new AwsError('ClientException', 'TaskDefinition is inactive');
  return found;
}

function ensureDesiredCount(service: Service, body: JsonObject): void {
  const desiredCount = readNumber(body, 'desiredCount');
  if (desiredCount === null) return;
  if (desiredCount < 0) throw new AwsError('InvalidParameterException', 'Desired count must be non-negative.');
  if (service.schedulingStrategy !== 'DAEMON') return;
  throw new AwsError(
    'InvalidParameterException',
    'The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.',
  );
}

/** @returns true where a member has changed that has to be rolled out. */
function applyMembers(service: Service, body: JsonObject): boolean {
  service.desiredCount = readNumber(body, 'desiredCount') ?? service.desiredCount;
  const configuration = readObject(body, 'deploymentConfiguration');
  if (configuration) service.deploymentConfiguration = { ...service.deploymentConfiguration, ...configuration };
  const changed = ROLLED_OUT.filter((name) => differs(service, body, name));
  const members = [...KEPT.filter((name) => differs(service, body, name)), ...changed].map((name) => [
    name,
    body[name],
  ]);
  service.extras = { ...service.extras, ...Object.fromEntries(members) };
  return changed.length > 0;
}

function differs(service: Service, body: JsonObject, name: string): boolean {
  const given = body[name] ?? null;
  const current = service.extras[name] ?? (name === 'loadBalancers' ? loadBalancersOf(service) : []);
  return given !== null && !isDeepStrictEqual(given, current);
}
