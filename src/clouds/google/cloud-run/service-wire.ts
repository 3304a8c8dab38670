import { type JsonObject, numberAt, objectAt, textAt } from '../../../model/json.ts';
import { listVariableValues } from '../../../model/variable-values.ts';
import type { GoogleCall } from '../errors.ts';
import { type RunRequest, readJson, requestJson } from './request-json.ts';
import { type RunService, serviceName } from './service.ts';

/**
 * The service as it is on the wire. Google's typed client drops what its version doesn't know, in both directions, and
 * sends zeros for what is absent (measured): a field newer than it would be lost by a read-modify-write.
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
 */
export async function readService(run: RunService): Promise<JsonObject> {
  const call = { what: `read ${run.resource}`, permission: 'run.services.get' };
  return hidingValues(run, await readJson(run, call, { method: 'GET', path: serviceName(run), holds: 'template' }));
}

/**
 * The service as it was at the end of our last operation, with its etag: an update that carries this is refused where
 * anything has changed since. null: there is no such operation, or it is not done.
 */
export async function readLastOperation(run: RunService): Promise<JsonObject | null> {
  if (run.last.operation === '') return null;
  const call = { what: `read the operation on ${run.resource}`, permission: 'run.operations.get' };
  const operation = await readJson(run, call, { method: 'GET', path: run.last.operation, holds: 'name' });
  const service = objectAt(operation, 'response');
  return textAt(service, 'etag') === '' || !('template' in service) ? null : service;
}

/**
 * A revision as it is on the wire: immutable, so it is what the old configuration is read from.
 * @throws DeployError NETWORK for an answer without containers, which would be taken for a configuration without any
 */
export async function readRevisionDocument(run: RunService, revision: string): Promise<JsonObject> {
  const call = { what: `read revision ${revision}`, permission: 'run.revisions.get' };
  const path = `${serviceName(run)}/revisions/${revision}`;
  return hidingValues(run, await readJson(run, call, { method: 'GET', path, holds: 'containers' }));
}

/** Whatever is printed from here on shows no value of a variable in it. */
function hidingValues(run: RunService, document: JsonObject): JsonObject {
  run.io.log.hide(listVariableValues(document));
  return document;
}

/** What of a service is sent: with the etag of what was read, so that another user's change is never overwritten. */
export interface ServiceUpdate {
  readonly template?: JsonObject;
  readonly traffic?: readonly JsonObject[];
  readonly labels?: JsonObject;
  readonly annotations?: JsonObject;
}

/** What Google accepted: the operation to follow, and which generation of the service it makes. */
export interface SentUpdate {
  readonly operation: string;
  readonly generation: number;
}

/**
 * Sends an update of exactly these fields, once. It is not aborted by a cancel: a rollback has to know whether it took effect.
 * @throws DeployError; `findStatus` ABORTED: the service has changed since it was read
 */
export async function patchService(run: RunService, etag: string, update: ServiceUpdate): Promise<SentUpdate> {
  const call = updateCall(`update ${run.resource}`, update);
  const sent = patchOf(run, update, { ...withoutEmpty(update), etag });
  const answer = await requestJson(run, call, { ...sent, holds: 'name' });
  run.last.operation = textAt(answer, 'name');
  return { operation: run.last.operation, generation: numberAt(objectAt(answer, 'metadata'), 'generation') };
}

/** What the mask names and the body doesn't have is removed: a map without members is none. */
function withoutEmpty(update: ServiceUpdate): JsonObject {
  return Object.fromEntries(Object.entries(update).filter(([, value]) => Object.keys(value as object).length > 0));
}

/** Google's own dry run of it. @throws DeployError DEPLOY_REJECTED for what it would refuse */
export async function validateUpdate(run: RunService, update: ServiceUpdate): Promise<void> {
  const call = updateCall(`update ${run.resource} (dry run)`, update);
  const { path, ...request } = patchOf(run, update, { ...update });
  await readJson(run, call, { ...request, path: `${path}&validateOnly=true` });
}

function updateCall(what: string, { template = {} }: ServiceUpdate): GoogleCall {
  return { what, permission: 'run.services.update', secrets: listSecrets(template) };
}

function patchOf(run: RunService, update: ServiceUpdate, data: JsonObject): RunRequest {
  const query = new URLSearchParams({ updateMask: Object.keys(update).join(',') });
  return { method: 'PATCH', path: `${serviceName(run)}?${query}`, data };
}

/** Values of environment variables: a validation error may quote them. */
function listSecrets(template: JsonObject): readonly string[] {
  return JSON.stringify(template) === '{}' ? [] : collectValues(template);
}

function collectValues(value: unknown, name = ''): readonly string[] {
  if (typeof value === 'string') return name === 'value' ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => collectValues(member, key));
}
