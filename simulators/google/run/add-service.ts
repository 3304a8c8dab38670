import { type JsonObject, objectAt } from '../../json.ts';
import type { GoogleWorld } from '../world.ts';
import { createServiceState } from './create.ts';
import { createRevision, settleAtOnce } from './revision-life.ts';
import { planRoutes, touch } from './rollout.ts';
import type { Revision, Service, Staging } from './state.ts';
import { toStoredForm } from './stored-form.ts';
import { withDefaults } from './template.ts';
import { validateService } from './validate.ts';

export interface ServiceOptions {
  readonly service: string;
  /** Of its only container; absent: `template` has containers. */
  readonly image?: string;
  /** Raw, as in the API: containers, scaling, labels, a revision's name, unknown members. */
  readonly template?: JsonObject;
  /** Raw; absent: 100% to the latest. A revision is named by its short name. */
  readonly traffic?: readonly JsonObject[];
  /** More members of the service, raw: labels, annotations, ingress, iapEnabled. */
  readonly extras?: JsonObject;
  /** Everybody may call it. Default true. */
  readonly isPublic?: boolean;
  readonly staging?: Partial<Staging>;
}

const CREATOR = 'ops@acme.dev';

/** A service that has been running for a while. @throws Error for an image that isn't there; GoogleError for a document that the API refuses. */
export function addService(world: GoogleWorld, options: ServiceOptions): Service {
  const { service: id, image, template = {}, traffic, extras = {} } = options;
  const containers = image === undefined ? {} : { containers: [{ image }] };
  const latest = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 };
  const asked = toStoredForm({ ...extras, template: { ...containers, ...template }, traffic: traffic ?? [latest] });
  const config = { ...asked, template: withDefaults(world, objectAt(asked, 'template')) };
  validateService(id, config);
  const { isPublic = true, staging = {} } = options;
  const service = createServiceState(world, { id, config, creator: CREATOR, isPublic, staging });
  addReadyRevision(world, service);
  service.routes = planRoutes(service).map(({ id: _, revision, ...route }) => {
    if (!revision) throw new Error(`the traffic names ${_}, which is not there`);
    return { ...route, revision };
  });
  world.services.push(service);
  return service;
}

/** As if its template had been deployed long ago. */
export function addReadyRevision(world: GoogleWorld, service: Service): Revision {
  service.generation += 1;
  const revision = createRevision(world, service);
  settleAtOnce(world, revision);
  service.revisions = [...service.revisions, revision];
  service.latestCreated = revision;
  service.latestReady = revision;
  service.observedGeneration = service.generation;
  service.settledGeneration = service.generation;
  service.templateGeneration = service.generation;
  touch(world, service);
  return revision;
}
