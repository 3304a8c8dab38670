import type { JsonObject } from '../../json.ts';
import type { Later, RunCall } from './call.ts';
import { getOperation, listOperations, waitOperation } from './operation-calls.ts';
import { deleteRevision, getRevision, listRevisions } from './revision-calls.ts';
import {
  createService,
  deleteService,
  getIamPolicy,
  getService,
  listServices,
  testIamPermissions,
  updateServiceCall,
} from './service-calls.ts';

interface Route {
  readonly operation: string;
  readonly mutates: boolean;
  readonly method: string;
  /** Of the name: `*` is one part. */
  readonly pattern: string;
  /** After the colon. */
  readonly verb?: string;
  readonly run: (call: RunCall) => JsonObject | Later;
}

const LOCATION = 'projects/*/locations/*';
const SERVICE = `${LOCATION}/services/*`;
const REVISION = `${SERVICE}/revisions/*`;
const OPERATION = `${LOCATION}/operations/*`;

/** https://cloud.google.com/run/docs/reference/rest/v2 */
const ROUTES: readonly Route[] = [
  { operation: 'GetService', mutates: false, method: 'GET', pattern: SERVICE, run: getService },
  { operation: 'ListServices', mutates: false, method: 'GET', pattern: `${LOCATION}/services`, run: listServices },
  { operation: 'CreateService', mutates: true, method: 'POST', pattern: `${LOCATION}/services`, run: createService },
  { operation: 'UpdateService', mutates: true, method: 'PATCH', pattern: SERVICE, run: updateServiceCall },
  { operation: 'DeleteService', mutates: true, method: 'DELETE', pattern: SERVICE, run: deleteService },
  {
    ...{
      operation: 'TestIamPermissions',
      mutates: false,
      method: 'POST',
      pattern: SERVICE,
      verb: 'testIamPermissions',
    },
    run: testIamPermissions,
  },
  {
    ...{ operation: 'GetIamPolicy', mutates: false, method: 'GET', pattern: SERVICE, verb: 'getIamPolicy' },
    run: getIamPolicy,
  },
  { operation: 'GetRevision', mutates: false, method: 'GET', pattern: REVISION, run: getRevision },
  { operation: 'ListRevisions', mutates: false, method: 'GET', pattern: `${SERVICE}/revisions`, run: listRevisions },
  { operation: 'DeleteRevision', mutates: true, method: 'DELETE', pattern: REVISION, run: deleteRevision },
  { operation: 'GetOperation', mutates: false, method: 'GET', pattern: OPERATION, run: getOperation },
  {
    operation: 'ListOperations',
    mutates: false,
    method: 'GET',
    pattern: `${LOCATION}/operations`,
    run: listOperations,
  },
  { operation: 'WaitOperation', mutates: false, method: 'POST', pattern: OPERATION, verb: 'wait', run: waitOperation },
];

export const OPERATIONS: readonly string[] = ROUTES.map(({ operation }) => operation);

export interface FoundCall {
  readonly route: Route;
  readonly name: string;
}

/** null: the API has no such method. */
export function findCall(method: string, pathname: string): FoundCall | null {
  const [, path = '', verb] = /^\/v2\/([^:]+)(?::(\w+))?$/.exec(decodeURIComponent(pathname)) ?? [];
  const route = ROUTES.find(
    (candidate) => candidate.method === method && candidate.verb === verb && fits(candidate, path),
  );
  return route ? { route, name: path } : null;
}

function fits({ pattern }: Route, name: string): boolean {
  const parts = name.split('/');
  const wanted = pattern.split('/');
  return parts.length === wanted.length && wanted.every((part, index) => part === '*' || part === parts[index]);
}
