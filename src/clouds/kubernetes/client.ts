import type { HttpResponse } from '../../io/http.ts';
import type { CancellableIo } from '../../io/io.ts';
import { type RetryPolicy, retryTransient } from '../../io/retry-transient.ts';
import { type JsonObject, textAt } from '../../model/json.ts';
import { parseRetryAfter } from '../../model/retry-after.ts';
import { listVariableValues } from '../../model/variable-values.ts';
import { ensureOneOf, explainWrongAnswer, parseAnswer, WrongAnswer } from '../../model/wrong-answer.ts';
import type { ClusterAccess } from '../cluster-login.ts';
import { type ApiAnswer, type ApiChange, ApiRefusal, type KubernetesApi, type Query } from './api.ts';
import { describeRequest, type Verb } from './describe-request.ts';
import { type Answer, type Asked, exchange } from './exchange.ts';
import { readPages } from './pages.ts';
import { openProxied } from './proxied-endpoint.ts';
import { readLog } from './read-log.ts';
import { explainRefusal, type RefusedRequest } from './refusal.ts';
import { sentValues } from './sent-values.ts';
import { parseWarnings } from './warnings.ts';

interface Opened extends CancellableIo {
  readonly access: ClusterAccess;
}

const READS: RetryPolicy = { tries: 4, firstDelayMs: 500 };
const VERBS: Readonly<Record<ApiChange['method'], Verb>> = {
  POST: 'create',
  PUT: 'replace',
  PATCH: 'change',
  DELETE: 'delete',
};
// Each answer of the API has one of these: an object, a list or a Status; /version; /openapi/v3.
const MEMBERS = ['kind', 'gitVersion', 'paths'];

/** The API server that a login leads to. Sends nothing yet. */
export function openKubernetesApi(access: ClusterAccess, { io, signal }: CancellableIo): KubernetesApi {
  const opened: Opened = { access, io, signal };
  const read = (path: string, query: Query = {}) => readObject(opened, { verb: 'read', path, query });
  return {
    cluster: access.cluster,
    defaultNamespace: access.namespace ?? 'default',
    read,
    find: (path, query) => orNull(() => read(path, query)),
    list: (path, query) => readList(opened, path, query),
    text: (path, query = {}) => readText(opened, path, query),
    change: (change) => sendChange(opened, change),
    endpoint: (path) => openProxied(access, path),
    withSignal: (other) => openKubernetesApi(access, { io, signal: other }),
  };
}

interface Reading {
  readonly verb: Verb;
  readonly path: string;
  readonly query: Query;
}

async function readObject(opened: Opened, { verb, path, query }: Reading): Promise<JsonObject> {
  const what = describeRequest(verb, path);
  return await retryRead(opened, async (answered) => {
    const answer = answered(await exchange(opened, { method: 'GET', path, query, signal: opened.signal }));
    return await readAnswer(opened, answer, { what, path, secrets: [] });
  });
}

function readList(opened: Opened, path: string, query: Query = {}): Promise<readonly JsonObject[]> {
  const size = Number(query['limit'] ?? Number.NaN);
  const read = (page: Query) => readObject(opened, { verb: 'list', path, query: { ...query, ...page } });
  return readPages(read, { what: describeRequest('list', path), ...(size > 0 ? { size } : {}) });
}

async function readText(opened: Opened, path: string, query: Query): Promise<string> {
  const what = describeRequest('read', path);
  const { access, signal } = opened;
  const asked: Asked = { method: 'GET', path, query, signal, accept: 'text/plain, */*' };
  const read = (response: HttpResponse) => readLog(response, access.cluster);
  return await retryRead(opened, async (answered) => {
    const answer = answered(await explainWrong(what, () => exchange(opened, asked, read)));
    if (answer.status === 200) return answer.text;
    throw explainRefusal(answer, { what, path, secrets: [] }, access);
  });
}

/** A failure that may pass is retried for some seconds, or as the server asks; a cancel ends it. */
async function retryRead<T>(
  { io, signal }: Opened,
  attempt: (answered: (answer: Answer) => Answer) => Promise<T>,
): Promise<T> {
  let retryAfterMs: number | null = null;
  const answered = (answer: Answer): Answer => {
    retryAfterMs = parseRetryAfter(headerOf(answer, 'retry-after'), io.clock.now(), headerOf(answer, 'date'));
    return answer;
  };
  const again = (): Promise<T> => {
    retryAfterMs = null;
    return attempt(answered);
  };
  return await retryTransient(again, { ...READS, retryAfterMs: () => retryAfterMs }, { clock: io.clock, signal });
}

async function sendChange(opened: Opened, change: ApiChange): Promise<ApiAnswer> {
  const { method, path, query = {}, body, kind = 'json' } = change;
  const name = method === 'POST' ? textAt(body, 'metadata', 'name') : '';
  const object = name === '' ? path : `${path}/${name}`;
  const isDry = 'dryRun' in query;
  const what = `${describeRequest(VERBS[method], object)}${isDry ? ' (dry run)' : ''}`;
  const send = async (answered = (answer: Answer): Answer => answer): Promise<ApiAnswer> => {
    const answer = answered(await exchange(opened, { method, path, query, body, kind }));
    const changed = await readAnswer(opened, answer, { what, path, secrets: sentValues(body) });
    return { object: changed, warnings: parseWarnings(headerOf(answer, 'warning')) };
  };
  // A dry run has no effect, so it may be repeated like a read.
  return await (isDry ? retryRead(opened, send) : send());
}

async function readAnswer({ access, io }: Opened, answer: Answer, request: RefusedRequest): Promise<JsonObject> {
  if (![200, 201, 202].includes(answer.status)) throw explainRefusal(answer, request, access);
  const { cluster } = access;
  const parse = async () => ensureOneOf(parseAnswer(answer.text, cluster), MEMBERS, cluster);
  const object = await explainWrong(request.what, parse);
  io.log.hide(listVariableValues(object));
  return object;
}

async function explainWrong<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof WrongAnswer ? explainWrongAnswer(error, what) : error;
  }
}

async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return null;
    throw error;
  }
}

function headerOf({ headers }: Answer, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}
