import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { denialInfo } from '../access.ts';
import { GoogleError } from '../google-error.ts';
import { defaultServiceAccountOf, type GoogleWorld, locationOf } from '../world.ts';
import type { RunCall } from './call.ts';
import { createServiceState } from './create.ts';
import { findService, parentOf } from './find.ts';
import { addOperation, viewDone, viewOperation } from './operations.ts';
import { pageOf } from './page.ts';
import type { Service } from './state.ts';
import { toStoredForm } from './stored-form.ts';
import { withDefaults } from './template.ts';
import { planUpdate, type Update, updateService } from './update.ts';
import { settableOf } from './update-mask.ts';
import { validateService } from './validate.ts';
import { viewService } from './view.ts';

export function getService({ world, name }: RunCall): JsonObject {
  world.access.authorize('run.services.get', name);
  const service = findService(world, name);
  const { before } = service;
  return before && world.queue.now < before.until ? before.document : viewService(world, service);
}

export function listServices({ world, name, query }: RunCall): JsonObject {
  world.access.authorize('run.services.list', parentOf(name));
  const here = world.services.filter(({ id }) => name.endsWith('/services') && id !== '');
  return pageOf(
    'services',
    here.map((service) => viewService(world, service)),
    query,
  );
}

export function createService(call: RunCall): JsonObject {
  const { world, name, query, body } = call;
  world.access.authorize('run.services.create', parentOf(name));
  const id = query.get('serviceId') ?? '';
  if (world.services.some((service) => service.id === id)) {
    throw new GoogleError('ALREADY_EXISTS', `Resource '${id}' already exists.`);
  }
  return create(call, id, settableOf(body));
}

/** PATCH: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/patch */
export function updateServiceCall(call: RunCall): JsonObject {
  const { world, name, query, body, principal } = call;
  const id = name.split('/').at(-1) ?? '';
  world.access.authorize('run.services.update', name);
  const service = world.services.find((candidate) => candidate.id === id);
  if (!service && query.get('allowMissing') === 'true') {
    world.access.authorize('run.services.create', locationOf(world));
    return create(call, id, settableOf(body));
  }
  const found = service ?? findService(world, name);
  const update: Update = { body, mask: query.get('updateMask') ?? '', principal };
  ensureMayDeploy(world, objectAt(planUpdate(world, found, update), 'template'), found);
  if (query.get('validateOnly') === 'true') return validated(world, found, update);
  updateService(world, found, update);
  return viewOperation(world, addOperation(world, found));
}

export function deleteService({ world, name }: RunCall): JsonObject {
  world.access.authorize('run.services.delete', name);
  const service = findService(world, name);
  world.services.splice(world.services.indexOf(service), 1);
  return viewDone(world, viewService(world, service));
}

/** "There are no permissions required for making this API call", as its documentation says. */
export function testIamPermissions({ world, body }: RunCall): JsonObject {
  const asked = Array.isArray(body['permissions']) ? body['permissions'].map(String) : [];
  const permissions = asked.filter((permission) => world.access.has(permission));
  return permissions.length > 0 ? { permissions } : {};
}

export function getIamPolicy({ world, name }: RunCall): JsonObject {
  world.access.authorize('run.services.getIamPolicy', name);
  const { isPublic } = findService(world, name);
  const bindings = isPublic ? [{ role: 'roles/run.invoker', members: ['allUsers'] }] : [];
  return { version: 1, etag: Buffer.from('1').toString('base64'), ...(isPublic ? { bindings } : {}) };
}

function create({ world, principal, query }: RunCall, id: string, config: JsonObject): JsonObject {
  validateService(id, config);
  const stored = toStoredForm(config);
  const complete = { ...stored, template: withDefaults(world, objectAt(stored, 'template')) };
  const service = createServiceState(world, { id, config: complete, creator: principal.id });
  if (query.get('validateOnly') === 'true') return viewDone(world, viewService(world, service));
  world.services.push(service);
  const update: Update = { body: {}, mask: '', principal };
  updateService(world, service, update);
  return viewOperation(world, addOperation(world, service));
}

/** Nothing is stored; the response is the service as it would be. */
function validated(world: GoogleWorld, service: Service, update: Update): JsonObject {
  const config = planUpdate(world, service, update);
  return viewDone(world, viewService(world, { ...service, config }));
}

/**
 * To make a revision, the caller also needs to act as its account and to read its image.
 * https://cloud.google.com/run/docs/reference/iam/roles#additional-configuration
 */
function ensureMayDeploy(world: GoogleWorld, template: JsonObject, { config }: Service): void {
  if (JSON.stringify(template) === JSON.stringify(config['template'])) return;
  const account = textAt(template, 'serviceAccount') || defaultServiceAccountOf(world);
  if (!world.access.may('iam.serviceaccounts.actAs')) {
    const message = `Permission 'iam.serviceaccounts.actAs' denied on service account ${account} (or it may not exist).`;
    throw new GoogleError('PERMISSION_DENIED', message, [
      denialInfo('iam.serviceaccounts.actAs', `projects/-/serviceAccounts/${account}`),
    ]);
  }
  if (world.access.may('artifactregistry.repositories.downloadArtifacts')) return;
  const image = textAt(objectsAt(template, 'containers')[0] ?? {}, 'image');
  const message =
    `User must have permission to read the image, ${image}. Ensure that the provided container image URL is correct ` +
    'and that the above account has permission to access the image.';
  throw new GoogleError('PERMISSION_DENIED', message);
}
