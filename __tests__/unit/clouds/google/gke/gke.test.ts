import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { ClusterAccess } from '../../../../../src/clouds/cluster-login.ts';
import { chooseEndpoint } from '../../../../../src/clouds/google/gke/choose-endpoint.ts';
import { gkeLogin } from '../../../../../src/clouds/google/gke/login.ts';
import { openSharedLogins } from '../../../../../src/clouds/target.ts';
import { readStepInputs } from '../../../../../src/inputs/step-inputs.ts';
import type { HttpRequest, HttpResponse } from '../../../../../src/io/http.ts';
import { type FakeIo, fakeIo } from '../../../../fixtures/fake-io.ts';

const CA = '-----BEGIN CERTIFICATE-----';
const DNS = 'gke-0123.europe-west1.gke.goog';
const SHOP = {
  name: 'shop',
  status: 'RUNNING',
  endpoint: '203.0.113.7',
  masterAuth: { clusterCaCertificate: Buffer.from(CA).toString('base64') },
  privateClusterConfig: { privateEndpoint: '10.0.0.2' },
};
const withDns = (allowExternalTraffic: boolean) => ({
  ...SHOP,
  controlPlaneEndpointsConfig: { dnsEndpointConfig: { endpoint: DNS, allowExternalTraffic } },
});
const fleet = (location: string) => ({
  ...SHOP,
  fleet: { membership: `//gkehub.googleapis.com/projects/123456/locations/${location}/memberships/shop` },
});

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY_FILE = JSON.stringify({
  type: 'service_account',
  client_email: 'deploy@acme.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  private_key_id: '1',
});

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
}

interface Stage {
  readonly io: FakeIo;
  /** `GET https://…`, without those for tokens. */
  readonly sent: string[];
  /** Scopes that a token was asked for with. */
  readonly scopes: string[];
  open(): Promise<ClusterAccess>;
}

function stage(answers: readonly Answer[], given: Readonly<Record<string, string>> = {}): Stage {
  const sent: string[] = [];
  const scopes: string[] = [];
  const fake = fakeIo({
    env: { GOOGLE_APPLICATION_CREDENTIALS: '/temp/key.json', GOOGLE_CLOUD_PROJECT: 'acme-production' },
  });
  fake.stored.set('/temp/key.json', KEY_FILE);
  const answer = (url: URL, request: HttpRequest): Answer => {
    if (url.host !== 'oauth2.googleapis.com') {
      sent.push(`${request.method} ${url.href}`);
      return answers[Math.min(sent.length, answers.length) - 1]!;
    }
    const assertion = new URLSearchParams(String(request.body)).get('assertion')!;
    scopes.push(JSON.parse(Buffer.from(assertion.split('.')[1]!, 'base64url').toString()).scope);
    return { body: { access_token: `ya29.token-${scopes.length}`, expires_in: 3600, token_type: 'Bearer' } };
  };
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    const { status = 200, body = {} } = answer(request.url, request);
    const isText = typeof body === 'string';
    const text = isText ? body : JSON.stringify(body);
    const headers = { 'content-type': isText ? 'text/html' : 'application/json' };
    return { status, headers, body: Readable.from([Buffer.from(text)]) as unknown as IncomingMessage };
  };
  const io: FakeIo = { ...fake, http: { ...fake.http, send } };
  const inputs = { 'gke-cluster': 'shop', region: 'europe-west1', ...given };
  const env = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
  const reader = readStepInputs(env);
  const open = gkeLogin.parse(reader);
  reader.ensureNoProblems();
  return { io, sent, scopes, open: () => open({ io, signal: io.signal, logins: openSharedLogins() }) };
}

describe('a GKE cluster', () => {
  test('is found by one request, by the short name or the long one', async () => {
    const url = 'https://container.googleapis.com/v1/projects/acme-production/locations/europe-west1/clusters/shop';
    const short = stage([{ body: SHOP }]);
    const access = await short.open();
    expect(access).toMatchObject({ cluster: 'cluster shop (europe-west1)', namespace: null });
    expect(short.sent).toEqual([`GET ${url}`]);
    const long = stage([{ body: SHOP }], {
      'gke-cluster': 'projects/other/locations/us-east1-b/clusters/shop',
      region: '',
    });
    await long.open();
    expect(long.sent).toEqual([`GET ${url.replace('acme-production', 'other').replace('europe-west1', 'us-east1-b')}`]);
  });

  test.each([
    ['its IP address, with the cluster’s own authority', SHOP, '', 'https://203.0.113.7/', { ca: CA }],
    ['its DNS endpoint, with a public certificate', withDns(true), '', `https://${DNS}/`, {}],
    ['its IP address where the DNS endpoint is closed', withDns(false), '', 'https://203.0.113.7/', { ca: CA }],
    ['its DNS endpoint where that is asked for', withDns(false), 'dns', `https://${DNS}/`, {}],
    ['its IP address where that is asked for', withDns(true), 'ip', 'https://203.0.113.7/', { ca: CA }],
    ['its private endpoint', SHOP, 'private', 'https://10.0.0.2/', { ca: CA }],
    [
      'Connect Gateway',
      fleet('global'),
      'connect-gateway',
      'https://connectgateway.googleapis.com/v1/projects/123456/locations/global/gkeMemberships/shop',
      {},
    ],
    [
      'Connect Gateway of its region',
      fleet('europe-west1'),
      'connect-gateway',
      'https://europe-west1-connectgateway.googleapis.com/v1/projects/123456/locations/europe-west1/gkeMemberships/shop',
      {},
    ],
  ])('is reached by %s', async (_, cluster, endpoint, server, connection) => {
    const access = await stage([{ body: cluster }], { 'gke-endpoint': endpoint }).open();
    expect(access.server.href).toBe(server);
    expect((await access.credentials(null)).connection).toEqual(connection);
  });

  test.each([
    [SHOP, 'dns', 'no DNS endpoint', 'enable-dns-access'],
    [SHOP, 'connect-gateway', 'no membership of a fleet', 'fleet memberships register'],
    [{ name: 'shop' }, 'ip', 'no endpoint by an IP address', '`gke-endpoint`'],
    [{ ...SHOP, privateClusterConfig: {} }, 'private', 'no private endpoint', '`gke-endpoint`'],
  ] as const)('without an endpoint of that kind is refused: %#', (cluster, kind, message, hint) => {
    expect(() => chooseEndpoint(cluster, kind)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: `could not use GKE cluster shop: it has ${message}`,
        hint: expect.stringContaining(hint),
      }),
    );
  });

  test('that is being made is refused', async () => {
    const { open } = stage([{ body: { ...SHOP, status: 'PROVISIONING' } }]);
    await expect(open()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('PROVISIONING'),
    });
  });

  test.each([
    [404, 'NOT_FOUND', 'Not found: projects/x', '`gke-cluster`, `project` and `region`'],
    [403, 'PERMISSION_DENIED', 'container.clusters.get is missing', 'roles/container.clusterViewer'],
  ])('answered with %i is one error', async (status, code, message, hint) => {
    const reason = status === 404 ? 'NOT_FOUND' : 'PERMISSION_DENIED';
    const { open } = stage([
      { status, body: { error: { code: status, message: 'Not found: projects/x', status: reason } } },
    ]);
    await expect(open()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  test.each([
    ['a page', { body: '<html>' }],
    ['503', { status: 503, body: { error: { code: 503, status: 'UNAVAILABLE', message: 'oops' } } }],
  ])('is asked for again after %s', async (_, answer: Answer) => {
    const { sent, open } = stage([answer, { body: SHOP }]);
    await open();
    expect(sent).toHaveLength(2);
  });
});

describe('a membership of a fleet', () => {
  const given = { 'gke-cluster': 'projects/acme/locations/global/memberships/onprem', region: '' };

  test('is reached by the address that Connect Gateway gives', async () => {
    const endpoint = 'https://connectgateway.googleapis.com/v1/projects/1/locations/global/memberships/onprem';
    const { sent, open } = stage([{ body: { endpoint } }], given);
    expect((await open()).server.href).toBe(endpoint);
    expect(sent).toEqual([
      'GET https://connectgateway.googleapis.com/v1/projects/acme/locations/global/memberships/onprem:generateCredentials',
    ]);
  });

  test.each(['https://evil.example/v1', 'http://connectgateway.googleapis.com/', ''])(
    'is not reached at %s, where the token would go',
    async (endpoint) => {
      const { open } = stage([{ body: { endpoint, kubeconfig: 'x' } }], given);
      await expect(open()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    },
  );
});

describe('its token', () => {
  test('is of the service account, with its e-mail address, and masked', async () => {
    const { io, scopes, open } = stage([{ body: SHOP }]);
    const access = await open();
    expect((await access.credentials(null)).headers).toEqual({ authorization: 'Bearer ya29.token-1' });
    expect(scopes).toEqual([
      'https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email',
    ]);
    expect(io.masked).toContain('ya29.token-1');
  });

  test('is kept as long as it is good, and is another one after it was refused', async () => {
    const { io, scopes, open } = stage([{ body: SHOP }]);
    const access = await open();
    const first = await access.credentials(null);
    await io.clock.sleep(120_000);
    expect(await access.credentials(null)).toBe(first);
    expect((await access.credentials(first)).headers).toEqual({ authorization: 'Bearer ya29.token-2' });
    expect(scopes).toHaveLength(2);
    expect(io.masked).toContain('ya29.token-2');
  });
});

describe('the inputs', () => {
  test.each([
    [{ 'gke-cluster': 'Shop!' }, /gke-cluster: got "Shop!"; expected projects\/PROJECT/],
    [{ region: '' }, /region: is required .* such as europe-west1 or europe-west1-b/],
    [
      { 'gke-cluster': 'projects/a/locations/b/clusters/c' },
      /region: got "europe-west1"; expected the location .*\(b\)/,
    ],
    [
      { 'gke-endpoint': 'public' },
      /gke-endpoint: got "public"; expected one of auto, dns, ip, private, connect-gateway/,
    ],
    [{ project: 'A B' }, /project: got "A B"/],
  ])('are checked: %j', (given, message) => {
    expect(() => stage([], given)).toThrow(message);
  });
});
