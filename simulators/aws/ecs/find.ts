import type { JsonObject } from '../../json.ts';
import { AwsError } from '../aws-error.ts';
import { readString } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import type { Service, TaskDefinition } from './state.ts';

/** @throws AwsError ClusterNotFoundException */
export function readCluster(world: AwsWorld, body: JsonObject): string {
  const name = lastPart(readString(body, 'cluster') ?? 'default');
  if (!world.clusters.has(name)) throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
  return name;
}

/** By name or ARN. */
export function findService(world: AwsWorld, cluster: string, reference: string): Service | null {
  const isIt = (service: Service): boolean =>
    service.clusterName === cluster && (service.arn === reference || service.name === reference);
  return world.services.find((service) => isIt(service) && world.queue.now >= service.staging.missingUntil) ?? null;
}

/** The service that a call is about. @throws AwsError ServiceNotFoundException */
export function readService(world: AwsWorld, body: JsonObject, member = 'service'): Service {
  const cluster = readCluster(world, body);
  const service = findService(world, cluster, readString(body, member) ?? '');
  if (!service) throw new AwsError('ServiceNotFoundException', 'Service not found.');
  return service;
}

/** By ARN, `family:revision` or `family` (then the newest that is ACTIVE). */
export function findTaskDefinition(world: AwsWorld, reference: string): TaskDefinition | null {
  const name = lastPart(reference);
  const isIt = ({ family, revision, status }: TaskDefinition): boolean =>
    `${family}:${revision}` === name || (family === name && status === 'ACTIVE');
  return world.taskDefinitions.findLast(isIt) ?? null;
}

function lastPart(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
