import { isObject, type Json, type JsonObject, objectAt, textAt } from '../json.ts';
import { hostnamesOf } from './run/names.ts';
import { findRevision, type Service } from './run/state.ts';
import { viewService } from './run/view.ts';
import type { GoogleWorld } from './world.ts';

/**
 * What may differ after a change was made and taken back: counters, times, who was last, and the list of whatever was
 * made. Everything else in a snapshot is what was configured or what serves. `*` stands for each list item.
 *
 * `serving.*.revision` is the platform's name for what serves. Who pins traffic by name has that name in
 * `service.traffic`, where it is compared; who doesn't, gets another name for the same content.
 */
export const AUDIT_FIELDS = [
  'status.generation',
  'status.observedGeneration',
  'status.etag',
  'status.updateTime',
  'status.lastModifier',
  'status.latestCreatedRevision',
  'status.latestReadyRevision',
  'status.trafficStatuses.*.revision',
  'status.terminalCondition.lastTransitionTime',
  'status.conditions.*.lastTransitionTime',
  'serving.*.revision',
  'serving.*.createdAt',
  'revisions',
  'operations',
] as const;

/** Everything that a user configures on a service and everything that serves its traffic, as plain JSON. */
export function snapshotOf(world: GoogleWorld, service: Service): JsonObject {
  const { config } = service;
  const view = viewService(world, service);
  const status = Object.fromEntries(Object.entries(view).filter(([name]) => !(name in config)));
  return {
    service: { ...config, template: withUsersName(service, objectAt(config, 'template')) },
    status,
    isPublic: service.isPublic,
    hostnames: hostnamesOf(world, service),
    serving: service.routes.map(({ kind, revision, percent, tag }) => ({
      ...{ kind, percent, tag },
      revision: revision.id,
      createdAt: revision.createdAt,
      state: revision.state,
      template: revision.template,
      images: revision.containers.map(({ name, image, digest }) => ({ name, image, digest })),
    })),
    revisions: service.revisions.map(({ id, state }) => ({ id, state })),
    operations: [...world.operations.values()]
      .filter((operation) => operation.service === service)
      .map(({ name, end }) => ({ name, end })),
  };
}

/** A template without a name, and one with a name that the platform gave, stand for the same: only a user's name counts. */
function withUsersName(service: Service, { revision: _, ...template }: JsonObject): JsonObject {
  const id = textAt(objectAt(service.config, 'template'), 'revision');
  return id === '' || findRevision(service, id)?.namedByPlatform ? template : { ...template, revision: id };
}

/** The snapshot without the audit fields: equal before and after means "exactly as before". */
export function withoutAudit(snapshot: JsonObject): JsonObject {
  return AUDIT_FIELDS.reduce<JsonObject>((rest, path) => without(rest, path.split('.')) as JsonObject, snapshot);
}

function without(value: Json | undefined, path: readonly string[]): Json {
  const [name = '', ...rest] = path;
  if (name === '*' && Array.isArray(value)) return value.map((item: Json) => without(item, rest));
  if (!isObject(value) || !(name in value)) return value ?? null;
  if (rest.length > 0) return { ...value, [name]: without(value[name], rest) };
  const { [name]: _, ...others } = value;
  return others;
}
