import type { protos } from '@google-cloud/run';
import { readIfThere } from '../../../io/read-optional.ts';
import { listAt, numberAt, objectAt, textAt, textsAt } from '../../../model/json.ts';
import { readJson } from './request-json.ts';
import { type RunService, serviceName } from './service.ts';
import { shortName } from './service-document.ts';

/**
 * What is read of a revision, in the types of Google's own client. They are all that is used of it: its code, over gRPC or
 * REST, is a megabyte and takes 0.2 s to load (README.md). A word that is newer than the types comes as it is.
 */
export type Revision = Pick<protos.google.cloud.run.v2.IRevision, 'conditions' | 'logUri'> & {
  readonly healthCheckDisabled?: boolean;
};
export type Condition = protos.google.cloud.run.v2.ICondition;

/** How one of Google's long-running operations ended; null: it is not done. */
type OperationEnd = { readonly error: string | null } | null;

const MAX_SERVICES = 100;
// A page may hold fewer than were requested, or none: https://google.aip.dev/158
const MAX_PAGES = 10;

/** @throws DeployError NOT_FOUND, … */
export async function getRevision(run: RunService, revision: string): Promise<Revision> {
  const call = { what: `read revision ${revision}`, permission: 'run.revisions.get' };
  const path = `${serviceName(run)}/revisions/${revision}`;
  const document = await readJson(run, call, { method: 'GET', path, holds: 'name' });
  const conditions = [...listAt(document, 'conditions')] as Condition[];
  const unchecked = document['healthCheckDisabled'] === true ? { healthCheckDisabled: true } : {};
  return { conditions, logUri: textAt(document, 'logUri'), ...unchecked };
}

/** null: there is no revision of that name; or not yet, as it is made some time after the request. */
export async function findRevision(run: RunService, revision: string): Promise<Revision | null> {
  return await readIfThere(() => getRevision(run, revision));
}

/** @param name As the update's response gave it: `projects/acme/locations/europe-west1/operations/…` */
export async function getOperationEnd(run: RunService, name: string): Promise<OperationEnd> {
  const call = { what: `read the operation on ${run.resource}`, permission: 'run.operations.get' };
  const operation = await readJson(run, call, { method: 'GET', path: name, holds: 'name' });
  if (operation['done'] !== true) return null;
  const error = objectAt(operation, 'error');
  const code = numberAt(error, 'code');
  return { error: textAt(error, 'message') || (code === 0 ? null : `code ${code}`) };
}

/** Which of the permissions we have, one at least: who has none can't be told from a wrong answer. The call itself needs none. */
export async function testPermissions(run: RunService, permissions: readonly string[]): Promise<readonly string[]> {
  const call = { what: `check the permissions on ${run.resource}`, permission: 'run.services.get' };
  const path = `${serviceName(run)}:testIamPermissions`;
  const sent = { method: 'POST', path, data: { permissions }, holds: 'permissions' } as const;
  return textsAt(await readJson(run, call, sent), 'permissions');
}

/** Short names of the services in the region, 100 at most. */
export async function listServices(run: RunService): Promise<readonly string[]> {
  const { project, region } = run;
  const call = { what: `list the services in ${region}`, permission: 'run.services.list' };
  const names: string[] = [];
  let pageToken = '';
  for (let page = 0; page < MAX_PAGES && names.length < MAX_SERVICES; page += 1) {
    const query = new URLSearchParams({ pageSize: String(MAX_SERVICES), ...(pageToken === '' ? {} : { pageToken }) });
    const path = `projects/${project}/locations/${region}/services?${query}`;
    const answer = await readJson(run, call, { method: 'GET', path });
    const found = listAt(answer, 'services').map((service) => textAt(service, 'name'));
    names.push(...found.filter((name) => name.includes(`/locations/${region}/`)).map(shortName));
    pageToken = textAt(answer, 'nextPageToken');
    if (pageToken === '') break;
  }
  return names.slice(0, MAX_SERVICES);
}
