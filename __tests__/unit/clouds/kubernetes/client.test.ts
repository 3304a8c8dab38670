import { afterEach, describe, expect, test } from '@jest/globals';
import { ApiRefusal, type KubernetesApi } from '../../../../src/clouds/kubernetes/api.ts';
import { openKubernetesApi } from '../../../../src/clouds/kubernetes/client.ts';
import { DeployError } from '../../../../src/model/errors.ts';
import { type FakeIo, fakeIo } from '../../../fixtures/fake-io.ts';
import { type ApiStub, type StubAnswer, type StubRequest, serveApi, status, tokenAccess } from './api-stub.ts';

const WEB = '/apis/apps/v1/namespaces/shop/deployments/web';
const DEPLOYMENT = { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'web' } };
const stubs: ApiStub[] = [];

afterEach(() => {
  for (const stub of stubs.splice(0)) stub.close();
});

interface Stage extends Pick<ApiStub, 'requests' | 'url'> {
  readonly api: KubernetesApi;
  readonly io: FakeIo;
}

async function open(
  answer: (request: StubRequest, count: number) => StubAnswer | undefined,
  more: Parameters<typeof tokenAccess>[1] = {},
): Promise<Stage> {
  const stub = await serveApi(answer);
  stubs.push(stub);
  const io = fakeIo();
  return { ...stub, io, api: openKubernetesApi(tokenAccess(stub.url, more), { io, signal: io.signal }) };
}

async function failureOf(promise: Promise<unknown>): Promise<DeployError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DeployError)) throw new Error('expected a DeployError', { cause: error });
  return error;
}

describe('a read', () => {
  test('sends the credentials, and the query without what is absent', async () => {
    const { api, requests } = await open(() => ({ body: DEPLOYMENT }));
    await expect(api.read(WEB, { pretty: undefined, resourceVersion: 0 })).resolves.toEqual(DEPLOYMENT);
    expect(requests[0]).toMatchObject({ method: 'GET', path: WEB });
    expect(requests[0]!.headers).toMatchObject({ authorization: 'Bearer token-1', accept: 'application/json' });
    expect([...requests[0]!.query]).toEqual([['resourceVersion', '0']]);
  });

  test('keeps the path of the server in front', async () => {
    const stub = await serveApi(() => ({ body: DEPLOYMENT }));
    stubs.push(stub);
    const io = fakeIo();
    const server = new URL('/v1/memberships/shop/', stub.url);
    await openKubernetesApi(tokenAccess(server), { io, signal: io.signal }).read(WEB);
    expect(stub.requests[0]!.path).toBe(`/v1/memberships/shop${WEB}`);
  });

  test.each([
    ['503 of the API server', status(503, 'ServiceUnavailable', 'apiserver is shutting down')],
    ['a page of a load balancer', { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad Gateway' }],
    ['a page with 200', { status: 200, body: '<html>Welcome to the proxy' }],
    ['an empty answer', { status: 200, body: '' }],
    ['JSON that is no object of the API', { status: 200, body: { hello: 'world' } }],
    ['a connection that is closed', { breaks: true }],
    ['429', status(429, 'TooManyRequests', 'too many')],
  ])('is retried after %s', async (_, first: StubAnswer) => {
    const { api, requests } = await open((_request, count) => (count < 3 ? first : { body: DEPLOYMENT }));
    await expect(api.read(WEB)).resolves.toEqual(DEPLOYMENT);
    expect(requests).toHaveLength(3);
  });

  test('gives up after four tries', async () => {
    const { api, requests } = await open(() => ({ status: 502, body: '<html>secret token abc' }));
    const error = await failureOf(api.read(WEB));
    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error.message).toBe(
      'could not read deployments/web in namespace shop: the API answered with a web page instead of JSON (502)',
    );
    expect(requests).toHaveLength(4);
  });

  test('waits as long as Retry-After says', async () => {
    const busy = { ...status(429, 'TooManyRequests', 'too many'), headers: { 'retry-after': '7' } };
    const { api, io } = await open((_, count) => (count === 1 ? busy : { body: DEPLOYMENT }));
    const startedAt = io.clock.now();
    await api.read(WEB);
    expect(io.clock.now() - startedAt).toBe(7_000);
  });

  test.each([400, 403, 404, 409, 422])('is not retried after %i', async (code) => {
    const { api, requests } = await open(() => status(code, 'Whatever', 'no'));
    await failureOf(api.read(WEB));
    expect(requests).toHaveLength(1);
  });

  test('ends with the signal, and goes on with another one', async () => {
    const { api, io } = await open(() => ({ body: DEPLOYMENT }));
    io.cancel(new DeployError('CANCELLED', 'the job was cancelled'));
    await expect(api.read(WEB)).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(api.withSignal(new AbortController().signal).read(WEB)).resolves.toEqual(DEPLOYMENT);
  });
});

describe('what is not there', () => {
  test('is null for find, and NOT_FOUND for read', async () => {
    const { api } = await open(() => status(404, 'NotFound', 'deployments.apps "web" not found'));
    await expect(api.find(WEB)).resolves.toBeNull();
    const error = await failureOf(api.read(WEB));
    expect(error).toBeInstanceOf(ApiRefusal);
    expect(error).toMatchObject({ code: 'NOT_FOUND', status: 404, reason: 'NotFound' });
    expect(error.message).toContain('deployments.apps "web" not found');
  });

  test('is null where the cluster does not serve the API', async () => {
    const { api } = await open(() => ({ status: 404, body: '404 page not found\n' }));
    await expect(api.find('/apis/gateway.networking.k8s.io/v1/namespaces/a/httproutes/b')).resolves.toBeNull();
  });

  test.each([
    ['a page of a proxy', { status: 404, body: '<html>404 page not found</html>' }, 'NETWORK'],
    ['plain text of a load balancer', { status: 404, body: 'default backend - 404' }, 'NETWORK'],
    ['a gateway', { status: 404, body: { error: { code: 404, message: 'membership shop not found' } } }, 'NOT_FOUND'],
  ])('is not believed of %s', async (_, answer: StubAnswer, code) => {
    const { api } = await open(() => answer);
    await expect(failureOf(api.find(WEB))).resolves.toMatchObject({ code });
  });
});

describe('credentials', () => {
  test('are renewed once after a 401, also for a change', async () => {
    const { api, requests } = await open(({ headers }) =>
      headers.authorization === 'Bearer token-1' ? status(401, 'Unauthorized', 'Unauthorized') : { body: DEPLOYMENT },
    );
    await api.change({ method: 'PATCH', path: WEB, kind: 'merge-patch', body: { spec: {} } });
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(requests.map(({ body }) => body)).toEqual(['{"spec":{}}', '{"spec":{}}']);
  });

  test('that are refused twice are AUTH_FAILED, with the hint of the login', async () => {
    const hints = { unauthorized: 'Add an access entry.', forbidden: 'Bind a role.' };
    const { api, requests } = await open(() => status(401, 'Unauthorized', 'Unauthorized'), { hints });
    const error = await failureOf(api.read(WEB));
    expect(error).toMatchObject({ code: 'AUTH_FAILED', hint: 'Add an access entry.' });
    expect(requests).toHaveLength(2);
  });

  test.each(['GET', 'PATCH'] as const)('that can’t be had for a moment are asked for again: %s', async (method) => {
    let asked = 0;
    const credentials = async () => {
      asked += 1;
      if (asked < 3)
        throw new DeployError('NETWORK', 'could not reach login.example: no answer', { hint: 'Run again.' });
      return { headers: { authorization: 'Bearer late' }, connection: {} };
    };
    const { api, requests } = await open(() => ({ body: DEPLOYMENT }), { credentials });
    await (method === 'GET' ? api.read(WEB) : api.change({ method, path: WEB, body: {} }));
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer late']);
  });

  test('that can not be renewed are tried once more: what checks them may be away for a moment', async () => {
    const fixed = { headers: { authorization: 'Bearer fixed' }, connection: {} };
    const { api, requests } = await open(() => status(401, 'Unauthorized', 'Unauthorized'), {
      credentials: async () => fixed,
    });
    await expect(failureOf(api.read(WEB))).resolves.toMatchObject({ code: 'AUTH_FAILED' });
    expect(requests).toHaveLength(2);
    const answers = [status(401, 'Unauthorized', 'Unauthorized'), { body: DEPLOYMENT }];
    const passing = await open(() => answers.shift()!, { credentials: async () => fixed });
    await expect(passing.api.read(WEB)).resolves.toEqual(DEPLOYMENT);
  });
});

describe('a change', () => {
  test.each([
    ['json', 'POST', 'application/json'],
    ['json', 'PUT', 'application/json'],
    ['strategic-merge-patch', 'PATCH', 'application/strategic-merge-patch+json'],
    ['merge-patch', 'PATCH', 'application/merge-patch+json'],
    ['json-patch', 'PATCH', 'application/json-patch+json'],
    ['apply-patch', 'PATCH', 'application/apply-patch+yaml'],
  ] as const)('of kind %s is a %s of %s', async (kind, method, contentType) => {
    const { api, requests } = await open(() => ({ body: DEPLOYMENT }));
    const body = [{ op: 'test', path: '/metadata/uid', value: 'ü' }];
    const answer = await api.change({ method, path: WEB, query: { fieldManager: 'deploy-agent' }, body, kind });
    expect(answer).toEqual({ object: DEPLOYMENT, warnings: [] });
    expect(requests[0]).toMatchObject({ method, body: JSON.stringify(body) });
    expect(requests[0]!.headers['content-type']).toBe(contentType);
    expect(requests[0]!.query.get('fieldManager')).toBe('deploy-agent');
  });

  test('without a body has no content type', async () => {
    const { api, requests } = await open(() => ({ body: { kind: 'Status', status: 'Success' } }));
    await api.change({ method: 'DELETE', path: WEB });
    expect(requests[0]!.headers['content-type']).toBeUndefined();
    expect(requests[0]!.headers['content-length']).toBe('0');
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('is sent once, whatever the answer: %s', async (method) => {
    for (const answer of [status(503, 'ServiceUnavailable', 'no'), { status: 502, body: '<html>' }, { breaks: true }]) {
      const { api, requests } = await open(() => answer);
      await expect(failureOf(api.change({ method, path: WEB, body: {} }))).resolves.toMatchObject({ code: 'NETWORK' });
      expect(requests).toHaveLength(1);
    }
  });

  test.each(['PUT', 'DELETE'] as const)('is not sent again on a kept connection that breaks: %s', async (method) => {
    const { api, requests } = await open((_, count) => (count === 1 ? { body: DEPLOYMENT } : { breaks: true }));
    await api.read(WEB);
    await expect(failureOf(api.change({ method, path: WEB, body: {} }))).resolves.toMatchObject({ code: 'NETWORK' });
    expect(requests).toHaveLength(2);
  });

  test('is not ended by a cancel', async () => {
    const { api, io } = await open(() => ({ body: DEPLOYMENT }));
    io.cancel(new DeployError('CANCELLED', 'the job was cancelled'));
    await expect(api.change({ method: 'PUT', path: WEB, body: {} })).resolves.toMatchObject({ object: DEPLOYMENT });
  });

  test('gives the warnings, each once', async () => {
    const warning = [
      '299 - "unknown field \\"spec.replica\\""',
      '299 - "second, with a comma", 299 - "second, with a comma"',
    ];
    const { api } = await open(() => ({ body: DEPLOYMENT, headers: { warning } }));
    const { warnings } = await api.change({ method: 'PUT', path: WEB, body: {} });
    expect(warnings).toEqual(['unknown field "spec.replica"', 'second, with a comma']);
  });

  test('that is refused tells reason and causes', async () => {
    const cause = {
      reason: 'FieldManagerConflict',
      field: '.spec.template',
      message: 'conflict with "helm" using apps/v1',
      more: 1,
    };
    const { api } = await open(() => status(409, 'Conflict', 'Apply failed with 1 conflict', { causes: [cause] }));
    const error = await failureOf(api.change({ method: 'PATCH', kind: 'apply-patch', path: WEB, body: {} }));
    const { more: _, ...known } = cause;
    expect(error).toMatchObject({ code: 'DEPLOY_REJECTED', status: 409, reason: 'Conflict', causes: [known] });
    expect(error.message).toBe('could not change deployments/web in namespace shop: Apply failed with 1 conflict');
  });

  test('that is refused does not quote the values that it sent', async () => {
    const message = 'Deployment.apps "web" is invalid: spec.env[0].value: Invalid value: "hunter22\\n"';
    const causes = [{ reason: 'FieldValueInvalid', message: 'Invalid value: "hunter22"', field: 'spec.env' }];
    const { api } = await open(() => status(422, 'Invalid', message, { causes }));
    const bodies = [
      { spec: { containers: [{ name: 'web', env: [{ name: 'KEY', value: 'hunter22' }] }] } },
      [{ op: 'replace', path: '/spec/template/spec/containers/0/env/0/value', value: 'hunter22' }],
      { stringData: { key: 'hunter22' } },
    ];
    for (const body of bodies) {
      const error = await failureOf(api.change({ method: 'PATCH', kind: 'merge-patch', path: WEB, body }));
      expect(error.message).toContain('Invalid value: "***');
      expect(JSON.stringify([error, (error as ApiRefusal).causes])).not.toContain('hunter22');
    }
  });

  test('that creates names the object, and what to do where it is there already', async () => {
    const { api } = await open(() => status(409, 'AlreadyExists', 'deployments.apps "web" already exists'));
    const body = { metadata: { name: 'web' } };
    const change = { method: 'POST', path: '/apis/apps/v1/namespaces/shop/deployments', body } as const;
    await expect(failureOf(api.change(change))).resolves.toMatchObject({
      reason: 'AlreadyExists',
      message: expect.stringContaining('could not create deployments/web in namespace shop: '),
      hint: expect.stringContaining('Delete or rename'),
    });
  });

  test('that is a dry run says so', async () => {
    const { api } = await open(() => status(422, 'Invalid', 'no'));
    const change = {
      method: 'PATCH',
      path: `${WEB}/scale`,
      query: { dryRun: 'All' },
      kind: 'merge-patch',
      body: {},
    } as const;
    await expect(failureOf(api.change(change))).resolves.toMatchObject({
      message: 'could not change deployments/web/scale in namespace shop (dry run): no',
    });
  });
});

describe('403', () => {
  const denied =
    'deployments.apps "web" is forbidden: User "ci" cannot patch resource "deployments" in API group "apps" in the namespace "shop"';

  test.each([
    [denied, 'PERMISSION_DENIED', 'Grant patch on deployments.apps to user ci, by a Role in namespace shop.'],
    ['pods "web-1" is forbidden: exceeded quota: small, requested: pods=1', 'DEPLOY_REJECTED', 'policy of the cluster'],
    ['admission webhook "policy.example" denied the request: no', 'DEPLOY_REJECTED', 'policy of the cluster'],
    ['deployments.apps is forbidden: User "system:anonymous" cannot get resource "deployments"', 'AUTH_FAILED', ''],
    ['forbidden', 'PERMISSION_DENIED', 'Grant the permission'],
  ])('%s is %s', async (message, code, hint) => {
    const { api } = await open(() => status(403, 'Forbidden', message));
    const error = await failureOf(api.read(WEB));
    expect(error).toMatchObject({ code, status: 403 });
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  test('has the hint of the login as well', async () => {
    const hints = { unauthorized: 'Add an access entry.', forbidden: 'Bind a role.' };
    const { api } = await open(() => status(403, 'Forbidden', denied), { hints });
    await expect(failureOf(api.read(WEB))).resolves.toMatchObject({
      hint: expect.stringMatching(/^Grant patch .* Bind a role\.$/),
    });
  });

  test('of a gateway is explained by its message', async () => {
    const body = {
      error: { code: 403, message: 'Permission container.clusters.connect denied', status: 'PERMISSION_DENIED' },
    };
    const { api } = await open(() => ({ status: 403, body }));
    await expect(failureOf(api.read(WEB))).resolves.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('container.clusters.connect'),
    });
  });
});

describe('a list', () => {
  const pods = Array.from({ length: 5 }, (_, index) => ({ metadata: { name: `web-${index}` } }));
  const page = (query: URLSearchParams): StubAnswer => {
    const [from, limit] = [Number(query.get('continue') ?? 0), Number(query.get('limit'))];
    const next = from + limit < pods.length ? String(from + limit) : '';
    return { body: { kind: 'PodList', metadata: { continue: next }, items: pods.slice(from, from + limit) } };
  };

  test('has the items of all pages, in order', async () => {
    const { api, requests } = await open(({ query }) => page(query));
    const found = await api.list('/api/v1/namespaces/shop/pods', { limit: 2, labelSelector: 'app=web' });
    expect(found).toEqual(pods);
    expect(requests.map(({ query }) => query.get('continue'))).toEqual([null, '2', '4']);
    expect(requests.map(({ query }) => query.get('labelSelector'))).toEqual(['app=web', 'app=web', 'app=web']);
  });

  test('starts from its first page when the server has forgotten it', async () => {
    const { api, requests } = await open(({ query }, count) =>
      count === 3 ? status(410, 'Expired', 'The provided continue parameter is too old') : page(query),
    );
    await expect(api.list('/api/v1/pods', { limit: 2 })).resolves.toEqual(pods);
    expect(requests.map(({ query }) => query.get('continue'))).toEqual([null, '2', '4', null, '2', '4']);
  });

  test('that is forgotten again and again is an error', async () => {
    const { api, requests } = await open(({ query }) =>
      query.has('continue') ? status(410, 'Expired', 'too old') : page(query),
    );
    await expect(failureOf(api.list('/api/v1/pods', { limit: 2 }))).resolves.toMatchObject({ status: 410 });
    expect(requests).toHaveLength(8);
  });

  test('that never ends is an error', async () => {
    const endless = { kind: 'PodList', metadata: { continue: 'x' }, items: [{}] };
    const { api, requests } = await open(() => ({ body: endless }));
    await expect(failureOf(api.list('/api/v1/pods'))).resolves.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'could not list pods: there are more than 20000',
    });
    expect(requests).toHaveLength(80);
  });
});

describe('text', () => {
  const LOG = '/api/v1/namespaces/shop/pods/web-1/log';

  test('is as it is', async () => {
    const { api, requests } = await open(() => ({ body: '{"kind":"x"}\n<html>\n' }));
    await expect(api.text(LOG, { previous: 'true' })).resolves.toBe('{"kind":"x"}\n<html>\n');
    expect(requests[0]!.query.get('previous')).toBe('true');
  });

  test('of more than 256 kB is its end, from the start of a line', async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `line ${index}`);
    const { api } = await open(() => ({ body: lines.join('\n') }));
    const found = await api.text(LOG);
    expect(found.length).toBeLessThanOrEqual(256 * 1024);
    expect(found.length).toBeGreaterThan(255 * 1024);
    expect(lines.join('\n').endsWith(`\n${found}`)).toBe(true);
  });

  test('is refused as an object is, and a web page is none', async () => {
    const { api } = await open(() => status(400, 'BadRequest', 'previous terminated container "web" not found'));
    await expect(failureOf(api.text(LOG))).resolves.toMatchObject({ code: 'DEPLOY_REJECTED', status: 400 });
    const proxy = await open(() => ({ headers: { 'content-type': 'text/html' }, body: '<html>' }));
    await expect(failureOf(proxy.api.text(LOG))).resolves.toMatchObject({ code: 'NETWORK' });
  });
});

test('an endpoint has the credentials of now, and names the headers that never arrive', async () => {
  const { api, url } = await open(() => ({ body: DEPLOYMENT }));
  const endpoint = await api.endpoint('/api/v1/namespaces/shop/pods/web-1:8080/proxy');
  expect(endpoint.url).toBe(`${url.origin}/api/v1/namespaces/shop/pods/web-1:8080/proxy`);
  await expect(endpoint.headers()).resolves.toEqual({ authorization: 'Bearer token-1' });
  expect(endpoint.reservedHeaders).toEqual(expect.arrayContaining(['authorization', 'host']));
  expect(endpoint.connection).toEqual({});
});
