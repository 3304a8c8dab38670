import { createHash } from 'node:crypto';
import { type GoogleWorld, locationOf } from '../world.ts';
import type { Revision, Service } from './state.ts';

export function serviceNameOf(world: GoogleWorld, { id }: Pick<Service, 'id'>): string {
  return `${locationOf(world)}/services/${id}`;
}

export function revisionNameOf(world: GoogleWorld, { id, serviceId }: Pick<Revision, 'id' | 'serviceId'>): string {
  return `${locationOf(world)}/services/${serviceId}/revisions/${id}`;
}

/** As in the messages of googlecodelabs/feedback#1696. */
export function logsUrlOf({ project }: GoogleWorld, { id, serviceId }: Pick<Revision, 'id' | 'serviceId'>): string {
  const filter =
    'resource.type="cloud_run_revision"\n' +
    `resource.labels.service_name="${serviceId}"\nresource.labels.revision_name="${id}"`;
  return (
    `https://console.cloud.google.com/logs/viewer?project=${project}&resource=cloud_run_revision/service_name/` +
    `${serviceId}/revision_name/${id}&advancedFilter=${encodeURIComponent(filter)}`
  );
}

/**
 * The service's host names, the one of its `uri` first.
 * https://cloud.google.com/run/docs/triggering/https-request#deterministic
 */
export function hostnamesOf(world: GoogleWorld, { id }: Pick<Service, 'id'>): readonly [string, string] {
  const [area = '', place = ''] = world.region.split('-');
  const short = `${area[0]}${place[0]}`;
  return [`${id}-${hashOf(world)}-${short}.a.run.app`, `${id}-${world.projectNumber}.${world.region}.run.app`];
}

/** 10 characters, the same for all services of a project in a region. */
function hashOf({ project, region }: GoogleWorld): string {
  const bytes = createHash('sha256').update(`${project}/${region}`).digest();
  return [...bytes.subarray(0, 10)].map((byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte % 32]).join('');
}

/** `agent-00002-k7f`: as the platform names a revision whose template names none. */
export function generatedRevisionId(service: Service, number: number): string {
  const bytes = createHash('sha256').update(`${service.uid}/${number}`).digest();
  const suffix = [...bytes.subarray(0, 3)].map((byte) => 'bcdfghjkmnpqrstvwxz2456789'[byte % 26]).join('');
  return `${service.id}-${String(service.generation).padStart(5, '0')}-${suffix}`;
}
