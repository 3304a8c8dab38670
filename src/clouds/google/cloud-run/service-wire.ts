import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, numberAt, objectAt, textAt } from '../../../model/json.ts';
import { explainErrors, type GoogleCall } from '../errors.ts';
import { retryReads } from '../retry-reads.ts';
import { type RunService, serviceName } from './service.ts';

const BASE = 'https://run.googleapis.com/v2';

/**
 * The service as it is on the wire. The typed client drops what its version doesn't know, in both directions, and sends
 * zeros for what is absent (measured): a field newer than it would be lost by a read-modify-write. So the document
 * itself goes as JSON, with the same client's credentials.
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
 */
export async function readService(run: RunService): Promise<JsonObject> {
  const call = { what: `read ${run.resource}`, permission: 'run.services.get', signal: run.io.signal };
  return await retryReads(run.io, () => request(run, call, { method: 'GET', url: `${BASE}/${serviceName(run)}` }));
}

/** A revision as it is on the wire: immutable, so it is what the old configuration is read from. */
export async function readRevisionDocument(run: RunService, revision: string): Promise<JsonObject> {
  const call = { what: `read revision ${revision}`, permission: 'run.revisions.get', signal: run.io.signal };
  const url = `${BASE}/${serviceName(run)}/revisions/${revision}`;
  return await retryReads(run.io, () => request(run, call, { method: 'GET', url }));
}

/** What of a service is sent: with the etag of what was read, so that a change of somebody else's is never overwritten. */
export interface ServiceUpdate {
  readonly template?: JsonObject;
  readonly traffic?: readonly JsonObject[];
  readonly labels?: JsonObject;
}

/** What Google took: the operation to follow, and which generation of the service it makes. */
export interface SentUpdate {
  readonly operation: string;
  readonly generation: number;
}

/** Sends an update of exactly these fields, once. @throws DeployError; `findStatus` ABORTED: it has changed meanwhile */
export async function patchService(run: RunService, etag: string, update: ServiceUpdate): Promise<SentUpdate> {
  // Not aborted by a cancel: whether it took effect must be known before anything is put back.
  const answer = await patch(run, { ...withoutEmpty(update), etag }, { mask: Object.keys(update) });
  return { operation: textAt(answer, 'name'), generation: numberAt(objectAt(answer, 'metadata'), 'generation') };
}

/** What the mask names and the body doesn't have is removed: a map without members is none. */
function withoutEmpty(update: ServiceUpdate): JsonObject {
  return Object.fromEntries(Object.entries(update).filter(([, value]) => Object.keys(value as object).length > 0));
}

/** Google's own dry run of it. @throws DeployError DEPLOY_REJECTED for what it would refuse */
export async function validateUpdate(run: RunService, update: ServiceUpdate): Promise<void> {
  await retryReads(run.io, () => patch(run, { ...update }, { mask: Object.keys(update), validateOnly: true }));
}

async function patch(
  run: RunService,
  body: JsonObject,
  { mask, validateOnly = false }: { readonly mask: readonly string[]; readonly validateOnly?: boolean },
): Promise<JsonObject> {
  const what = validateOnly ? `update ${run.resource} (dry run)` : `update ${run.resource}`;
  const call = { what, permission: 'run.services.update', secrets: listSecrets(objectAt(body, 'template')) };
  const query = new URLSearchParams({ updateMask: mask.join(','), ...(validateOnly ? { validateOnly: 'true' } : {}) });
  return await request(run, call, { method: 'PATCH', url: `${BASE}/${serviceName(run)}?${query}`, data: body });
}

interface Request {
  readonly method: 'GET' | 'PATCH';
  readonly url: string;
  readonly data?: JsonObject;
}

/** One authenticated request of JSON. */
async function request(run: RunService, call: GoogleCall, sent: Request): Promise<JsonObject> {
  const { signal } = call;
  const options = { ...sent, responseType: 'json' as const, ...(signal ? { signal } : {}) };
  const { data } = await explainErrors(call, () => run.credentials.client.request<unknown>(options));
  if (typeof data === 'object' && data !== null) return data as JsonObject;
  throw new DeployError('NETWORK', `could not ${call.what}: the answer is no JSON`, {
    hint: 'Check what answers for Google between the runner and Google (a proxy); then run again.',
  });
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
