import { type JsonObject, objectAt, textAt } from '../json.ts';
import { withJobLabels } from './job-labels.ts';
import { withSpec } from './object.ts';
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  NAMESPACES,
  PODS,
  QUOTAS,
  REPLICA_SETS,
  type ResourceKind,
  SERVICES,
  STATEFUL_SETS,
} from './resources.ts';
import type { ClusterWorld } from './world.ts';

/** What the API server itself writes into an object when it is created, beside defaults. */
export function bornStatus(world: ClusterWorld, kind: ResourceKind, object: JsonObject): JsonObject {
  if (kind === NAMESPACES) return { ...object, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
  if (kind === PODS) return { ...object, status: { phase: 'Pending', qosClass: 'BestEffort' } };
  if (kind === SERVICES) return { ...withAddress(world, object), status: { loadBalancer: {} } };
  if (kind === REPLICA_SETS || kind === STATEFUL_SETS) return { ...object, status: { replicas: 0 } };
  if (kind === DAEMON_SETS)
    return {
      ...object,
      status: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
    };
  if (kind === JOBS) return { ...withJobLabels(object), status: {} };
  if (kind === DEPLOYMENTS) return { ...object, status: {} };
  if (kind === QUOTAS) return { ...object, status: {} };
  if (kind.custom) return object;
  const { status: _, ...rest } = object;
  return rest;
}

function withAddress(world: ClusterWorld, service: JsonObject): JsonObject {
  const spec = objectAt(service, 'spec');
  if (textAt(spec, 'type') === 'ExternalName') return service;
  const number = world.nextNumber();
  const clusterIP = textAt(spec, 'clusterIP') || `10.96.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;
  return withSpec(service, {
    clusterIP,
    clusterIPs: [clusterIP],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ...spec,
  });
}
