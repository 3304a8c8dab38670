import { isSame, type JsonObject, objectAt, textAt } from '../../json.ts';
import type { Principal } from '../access.ts';
import { GoogleError } from '../google-error.ts';
import type { GoogleWorld } from '../world.ts';
import { createRevision } from './revision-life.ts';
import { startRollout, touch } from './rollout.ts';
import { findRevision, type Revision, type Service } from './state.ts';
import { toStoredForm } from './stored-form.ts';
import { contentOf, isMadeOf, withDefaults } from './template.ts';
import { merge } from './update-mask.ts';
import { validateService } from './validate.ts';
import { viewService } from './view.ts';

export interface Update {
  readonly body: JsonObject;
  /** `template,traffic`; '': what the body has. */
  readonly mask: string;
  readonly principal: Principal;
}

/** The service with the change in it, not stored. @throws GoogleError when the change is refused. */
export function planUpdate(world: GoogleWorld, service: Service, { body, mask }: Update): JsonObject {
  const etag = textAt(body, 'etag');
  if (etag !== '' && etag !== service.etag) refuseStale(service, etag);
  const merged = toStoredForm(merge(service.config, body, mask));
  validateService(service.id, merged);
  const config = { ...merged, template: withDefaults(world, objectAt(merged, 'template')) };
  findNamed(service, config.template);
  return config;
}

/** Takes effect; the rest happens by itself. @throws GoogleError when the change is refused. */
export function updateService(world: GoogleWorld, service: Service, update: Update): void {
  const config = planUpdate(world, service, update);
  const isNewTemplate = service.latestCreated === null || !isSame(config['template'], service.config['template']);
  const { staleReadsMs } = service.staging;
  if (staleReadsMs > 0) {
    service.before = { document: viewService(world, service), until: world.queue.now + staleReadsMs };
  }
  service.config = config;
  service.generation += 1;
  service.updatedAt = world.queue.now;
  service.lastModifier = update.principal.id;
  if (isNewTemplate) service.templateGeneration = service.generation;
  touch(world, service);
  startRollout(world, service, isNewTemplate ? addRevision(world, service) : null);
}

/** null: the template's own name leads to a revision that exists already, and is used again. */
function addRevision(world: GoogleWorld, service: Service): Revision | null {
  const template = objectAt(service.config, 'template');
  const known = findNamed(service, template);
  service.latestCreated = known ?? newRevision(world, service);
  return known ? null : service.latestCreated;
}

function newRevision(world: GoogleWorld, service: Service): Revision {
  const revision = createRevision(world, service);
  service.revisions = [...service.revisions, revision];
  return revision;
}

/**
 * A name stands for one content permanently.
 * @throws GoogleError ALREADY_EXISTS: https://github.com/googleapis/google-cloud-python/issues/14259
 */
function findNamed(service: Service, template: JsonObject): Revision | null {
  const id = textAt(template, 'revision');
  const known = id === '' ? null : findRevision(service, id);
  if (!known || isMadeOf(known, contentOf(template))) return known;
  throw new GoogleError('ALREADY_EXISTS', `Revision named '${id}' with different configuration already exists.`);
}

/** https://google.aip.dev/154 */
function refuseStale(service: Service, etag: string): never {
  const message = `Conflict for resource '${service.id}': version '${etag}' was specified but current version is '${service.etag}'.`;
  throw new GoogleError('ABORTED', message);
}
