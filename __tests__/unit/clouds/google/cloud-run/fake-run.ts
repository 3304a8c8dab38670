import type { RunService } from '../../../../../src/clouds/google/cloud-run/service.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import type { JsonObject } from '../../../../../src/model/json.ts';
import { fakeIo } from '../../../../fixtures/fake-io.ts';

export const LATEST = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 };
const SUCCEEDED = { type: 'Ready', state: 'CONDITION_SUCCEEDED' };
const REVISION = { conditions: [SUCCEEDED], containers: [{ name: 'web', image: 'old' }] };

/** A service that serves `agent-00001-abc`, below Google's auth client. `revisions`: what theirs show, by name. `lose`: the next update takes effect, its answer is lost. A template without a name has a revision named at once; not `unnamed`: later. `stored`: in what form Google keeps a template. */
export function fakeRun(change: JsonObject = {}, revisions: Readonly<Record<string, JsonObject>> = {}) {
  const calls: string[] = [];
  const state = {
    ...{ lost: false, operationDone: false, operationStatus: 200, unnamed: false },
    stored: (template: JsonObject): JsonObject => template,
  };
  const answers = { state, lose: () => void Object.assign(state, { lost: true }) };
  let service: JsonObject = {
    ...{ generation: '1', etag: 'e1', template: { containers: [{ name: 'web', image: 'old' }] }, traffic: [LATEST] },
    ...{ latestCreatedRevision: 'agent-00001-abc', latestReadyRevision: 'agent-00001-abc' },
    trafficStatuses: [LATEST],
    terminalCondition: { state: 'CONDITION_SUCCEEDED' },
    ...change,
  };

  function patch(url: URL, body: JsonObject): JsonObject {
    if (body['etag'] !== service['etag']) throw refusal(409, 'ABORTED');
    const generation = String(Number(service['generation']) + 1);
    const fields = (url.searchParams.get('updateMask') ?? '').split(',').map((name) => [name, body[name]] as const);
    service = { ...service, ...Object.fromEntries(fields), generation, etag: `e${generation}` };
    const template = body['template'] as JsonObject | undefined;
    if (template) service = { ...service, template: state.stored(template) };
    if (template && !('revision' in template) && !state.unnamed)
      service = { ...service, latestCreatedRevision: `agent-0000${generation}-new` };
    if (state.lost) {
      state.lost = false;
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    }
    return { name: `operations/${generation}`, metadata: { generation } };
  }

  const request = async ({ method, url: text, data }: { method: string; url: string; data?: JsonObject }) => {
    const url = new URL(text);
    const kind = /\/(operations|revisions)\//.exec(url.pathname)?.[1] ?? 'service';
    calls.push(`${method} ${kind}`);
    if (method === 'PATCH') return { data: patch(url, data ?? {}) };
    if (kind === 'service') return { data: service };
    if (kind === 'revisions')
      return { data: { name: url.pathname, ...(revisions[url.pathname.split('/').at(-1)!] ?? REVISION) } };
    if (state.operationStatus !== 200) throw refusal(state.operationStatus, 'PERMISSION_DENIED');
    return { data: { name: url.pathname, ...(state.operationDone ? { done: true } : {}) } };
  };

  const run = {
    ...{ project: 'acme', region: 'europe-west1', service: 'agent', resource: 'service agent' },
    ...{
      credentials: { client: { request } },
      io: fakeIo(),
      signal: neverAborted,
      said: new Set(),
      last: { operation: '', generation: null },
      captured: new Map(),
      made: new Map(),
      done: new Map(),
    },
  } as unknown as RunService;
  return {
    ...{ run, calls, ...answers },
    look: () => service,
    set: (changed: JsonObject) => {
      service = { ...service, ...changed };
    },
  };
}

function refusal(status: number, word: string): Error {
  const data = { error: { code: status, status: word, message: 'no' } };
  return Object.assign(new Error('Request failed'), { response: { status, data } });
}
