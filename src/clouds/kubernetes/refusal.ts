import { DeployError, type ErrorCode } from '../../model/errors.ts';
import { isJsonObject, type JsonObject, listAt, textAt, tryParseJson } from '../../model/json.ts';
import { redact } from '../../model/redact.ts';
import { visible } from '../../model/visible.ts';
import { describeBody, explainWrongAnswer, WrongAnswer } from '../../model/wrong-answer.ts';
import type { ClusterAccess } from '../cluster-login.ts';
import { ApiRefusal } from './api.ts';
import { parseResourcePath } from './describe-request.ts';

/** A request that was refused, in words. */
export interface RefusedRequest {
  /** Completes "could not …": `read deployments/web in namespace shop`. */
  readonly what: string;
  readonly path: string;
  /** Values that were sent, and that the answer could quote. */
  readonly secrets: readonly string[];
}

export interface RefusingAnswer {
  readonly status: number;
  readonly text: string;
}

const LONGEST_MESSAGE = 600;
const SHORTEST_SECRET = 4;
// What the API server answers for a group that it does not have, as a CRD that isn't installed; no Status.
const UNKNOWN_PATH = '404 page not found';

/**
 * An answer that is no success -> what a person can act on. A page of a proxy or a load balancer is no answer of the API: a
 * 404 of it says nothing about the object.
 */
export function explainRefusal(
  answer: RefusingAnswer,
  request: RefusedRequest,
  access: Pick<ClusterAccess, 'cluster' | 'hints'>,
): DeployError {
  const { status, text } = answer;
  const document = readStatus(text);
  const foreign = document ? '' : textAt(tryParseJson(text), 'error', 'message');
  if (foreign !== '') return explainForeign({ status, said: quote(foreign, request.secrets) }, request, access);
  if (!document && !isOwnText(answer)) {
    const isRedirect = status >= 300 && status < 400;
    const why = isRedirect ? `the answer is a redirect (${status})` : `${describeBody(text)} (${status})`;
    return explainWrongAnswer(new WrongAnswer(why, access.cluster), request.what);
  }
  const said = document ? textAt(document, 'message') : text;
  const reason = document ? textAt(document, 'reason') : '';
  const message = quote(said, request.secrets) || `HTTP ${status} ${reason}`.trim();
  const causes = document ? listAt(document, 'details', 'causes').map((cause) => pick(cause, request.secrets)) : [];
  const { code, hint } = classify({ status, reason, message }, request, access);
  return new ApiRefusal(code, `could not ${request.what}: ${message}`, { status, reason, causes }, { hint });
}

/**
 * A gateway in front of the API server has a form of its own (`{ error: { message } }`). Its 404 is about the cluster, and no
 * ApiRefusal, as it says nothing about the object.
 */
function explainForeign(
  { status, said }: { readonly status: number; readonly said: string },
  { what }: RefusedRequest,
  { cluster, hints }: Pick<ClusterAccess, 'cluster' | 'hints'>,
): DeployError {
  const message = `could not ${what}: ${said}`;
  const answer = { status, reason: '', causes: [] };
  if (status === 401)
    return new ApiRefusal('AUTH_FAILED', message, answer, { hint: hints?.unauthorized ?? UNAUTHORIZED });
  if (status === 403)
    return new ApiRefusal('PERMISSION_DENIED', message, answer, { hint: hints?.forbidden ?? FORBIDDEN });
  if (status === 404) return new DeployError('NOT_FOUND', message, { hint: `Check that ${cluster} is there.` });
  const code = status === 429 ? 'THROTTLED' : status >= 500 ? 'NETWORK' : 'DEPLOY_REJECTED';
  return new ApiRefusal(code, message, answer, { hint: `Check what is in front of the API server of ${cluster}.` });
}

function readStatus(text: string): JsonObject | null {
  const parsed = tryParseJson(text);
  return isJsonObject(parsed) && parsed['kind'] === 'Status' ? parsed : null;
}

/** The API server has some answers of plain text: to an unknown path, a wrong content type, a body that is too large. */
function isOwnText({ status, text }: RefusingAnswer): boolean {
  if (text.trimStart().startsWith('<')) return false;
  if (status === 404) return text.trim() === UNKNOWN_PATH;
  return status === 401 || status === 403 || [400, 405, 413, 415, 429].includes(status);
}

function quote(said: string, secrets: readonly string[]): string {
  const long = secrets.filter((secret) => secret.length >= SHORTEST_SECRET);
  const [line = ''] = visible(redact(said, long)).trim().split('\n');
  return line.slice(0, LONGEST_MESSAGE);
}

function pick(cause: JsonObject, secrets: readonly string[]): JsonObject {
  const message = quote(textAt(cause, 'message'), secrets);
  return { reason: textAt(cause, 'reason'), field: textAt(cause, 'field'), message };
}

interface Said {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

function classify(
  said: Said,
  request: RefusedRequest,
  { cluster, hints }: Pick<ClusterAccess, 'cluster' | 'hints'>,
): { readonly code: ErrorCode; readonly hint: string } {
  const { status, reason, message } = said;
  if (status === 401) return { code: 'AUTH_FAILED', hint: hints?.unauthorized ?? UNAUTHORIZED };
  if (status === 403) return classifyForbidden(message, request, hints);
  if (status === 404) return { code: 'NOT_FOUND', hint: notFoundHint(said, request, cluster) };
  if (status === 429) return { code: 'THROTTLED', hint: `Run again in a minute: ${cluster} is busy.` };
  if (status >= 500)
    return { code: 'NETWORK', hint: `Check the health of the API server of ${cluster}, then run again.` };
  if (status === 409) return { code: 'DEPLOY_REJECTED', hint: CONFLICT_HINTS.get(reason) ?? CHANGED };
  return { code: 'DEPLOY_REJECTED', hint: 'Correct what the API server names here, then run again.' };
}

const CHANGED = 'Run again: the object was changed by another user meanwhile.';
const CONFLICT_HINTS: ReadonlyMap<string, string> = new Map([
  ['AlreadyExists', 'Delete or rename the object that has this name, then run again.'],
]);
const UNAUTHORIZED =
  'Check that the credentials of the kubeconfig are still valid and belong to this cluster; a token may have expired.';
/** `User "alice" cannot patch resource "deployments" in API group "apps" in the namespace "shop"`. */
const DENIED = /(?:User "([^"]*)" )?cannot (\S+) (?:resource "([^"]+)"|path "([^"]+)")(?: in API group "([^"]*)")?/;

/** Admission answers 403 as well: a quota, Pod Security, a policy. No role would change that. */
function classifyForbidden(
  message: string,
  { path }: RefusedRequest,
  hints: ClusterAccess['hints'],
): { readonly code: ErrorCode; readonly hint: string } {
  const denied = DENIED.exec(message);
  if (!denied && /is forbidden: |denied the request/.test(message)) {
    return { code: 'DEPLOY_REJECTED', hint: 'Correct what the policy of the cluster names here, then run again.' };
  }
  const [, user = '', verb = '', resource = '', url = '', group = ''] = denied ?? [];
  if (user === 'system:anonymous') {
    return { code: 'AUTH_FAILED', hint: hints?.unauthorized ?? `The API server took no credentials. ${UNAUTHORIZED}` };
  }
  const what = url === '' ? [resource, group].filter((part) => part !== '').join('.') : url;
  const namespace = parseResourcePath(path)?.namespace ?? '';
  const role = namespace === '' ? 'a ClusterRole' : `a Role in namespace ${namespace}`;
  const grant = denied ? `Grant ${verb} on ${what} to ${user === '' ? 'this user' : `user ${user}`}, by ${role}.` : '';
  return { code: 'PERMISSION_DENIED', hint: [grant, hints?.forbidden ?? ''].join(' ').trim() || FORBIDDEN };
}

const FORBIDDEN = 'Grant the permission that the API server names here to the user of the kubeconfig.';

function notFoundHint({ message }: Said, { path }: RefusedRequest, cluster: string): string {
  if (message === UNKNOWN_PATH)
    return `Install what brings this API to ${cluster}, or leave out the input that needs it.`;
  const namespace = parseResourcePath(path)?.namespace ?? '';
  return `Check the name${namespace === '' ? '' : ', the input `namespace`'} and that ${cluster} is the right cluster.`;
}
