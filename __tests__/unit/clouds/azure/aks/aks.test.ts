import type { AccessToken, TokenCredential } from '@azure/identity';
import { describe, expect, test } from '@jest/globals';
import { aksLogin } from '../../../../../src/clouds/azure/aks/login.ts';
import { openTokens } from '../../../../../src/clouds/azure/tokens.ts';
import type { ClusterAccess } from '../../../../../src/clouds/cluster-login.ts';
import type { SharedLogins } from '../../../../../src/clouds/target.ts';
import { readStepInputs } from '../../../../../src/inputs/step-inputs.ts';
import type { HttpRequest } from '../../../../../src/io/http.ts';
import { type FakeIo, fakeIo } from '../../../../fixtures/fake-io.ts';
import { type Answer, openWire } from '../wire-fake.ts';

const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';
const SERVER_ID = '6dae42f8-4368-4678-94ff-3960e28e3630';
const CA = '-----BEGIN CERTIFICATE-----\nhunter2';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function answerOf(user: object, cluster: object = {}): Answer {
  const document = {
    'current-context': 'shop',
    clusters: [
      {
        name: 'shop',
        cluster: {
          server: 'https://shop-dns.hcp.westeurope.azmk8s.io:443',
          'certificate-authority-data': base64(CA),
          ...cluster,
        },
      },
    ],
    users: [{ name: 'clusterUser', user }],
  };
  return { body: { kubeconfigs: [{ name: 'clusterUser', value: base64(JSON.stringify(document)) }] } };
}

function kubelogin(...args: readonly string[]): object {
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'kubelogin', args } };
}

interface Stage {
  readonly io: FakeIo;
  readonly sent: HttpRequest[];
  /** For which scopes a token was asked for. */
  readonly scopes: string[];
  open(): Promise<ClusterAccess>;
}

function stage(answers: readonly Answer[], given: Readonly<Record<string, string>> = {}): Stage {
  const wire = openWire((_request, nth) => answers[Math.min(nth, answers.length) - 1]!);
  const scopes: string[] = [];
  const login = (): TokenCredential => ({
    getToken: async (scope): Promise<AccessToken> => {
      scopes.push(String(scope));
      return { token: `token-number-${scopes.length}`, expiresOnTimestamp: wire.io.clock.now() + 3_600_000 };
    },
  });
  const logins = { shared: () => openTokens(login, wire.io) } as unknown as SharedLogins;
  const { env } = fakeIo({
    env: {
      AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
      AZURE_TENANT_ID: 'tenant',
      AZURE_CLIENT_ID: 'client',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.test',
    },
  });
  const io: FakeIo = { ...wire.io, env };
  const inputs = { 'aks-cluster': 'shop', 'resource-group': 'acme', ...given };
  const names = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const reader = readStepInputs(Object.fromEntries(names));
  const open = aksLogin.parse(reader);
  reader.ensureNoProblems();
  return { io, sent: wire.sent, scopes, open: () => open({ io, signal: io.signal, logins }) };
}

describe('an AKS cluster', () => {
  test('is found by one request', async () => {
    const { sent, open } = stage([answerOf(kubelogin('get-token', '--login', 'devicecode', '--server-id', SERVER_ID))]);
    const access = await open();
    expect(access).toMatchObject({ cluster: 'cluster shop (acme)', namespace: null });
    expect(access.server.href).toBe('https://shop-dns.hcp.westeurope.azmk8s.io/');
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST https://management.azure.com/subscriptions/${SUBSCRIPTION}/resourceGroups/acme/providers/Microsoft.ContainerService/managedClusters/shop/listClusterUserCredential?api-version=2025-09-01&format=exec`,
    ]);
    expect(sent[0]!.headers).toMatchObject({ authorization: 'Bearer token-number-1' });
  });

  test.each([
    [
      'in two arguments',
      ['--server-id', '00000000-0000-0000-0000-00000000000a'],
      '00000000-0000-0000-0000-00000000000a',
    ],
    ['in one', ['--server-id=00000000-0000-0000-0000-00000000000a'], '00000000-0000-0000-0000-00000000000a'],
    ['as that of all tenants', ['get-token'], SERVER_ID],
  ])('gets a token for the server id that its kubeconfig names %s, and runs nothing', async (_, args, serverId) => {
    const { io, scopes, open } = stage([answerOf(kubelogin(...args))]);
    const access = await open();
    const { headers, connection } = await access.credentials(null);
    expect(headers).toEqual({ authorization: 'Bearer token-number-2' });
    expect(connection).toEqual({ ca: CA });
    expect(scopes).toEqual(['https://management.azure.com/.default', `${serverId}/.default`]);
    expect(io.masked).toContain('token-number-2');
  });

  test('gets the token again before it ends, and when it was refused', async () => {
    const { io, scopes, open } = stage([answerOf(kubelogin())]);
    const access = await open();
    const first = await access.credentials(null);
    await io.clock.sleep(50 * 60_000);
    expect(await access.credentials(null)).toBe(first);
    await io.clock.sleep(9 * 60_000);
    const second = await access.credentials(null);
    expect(second).not.toBe(first);
    expect(await access.credentials(second)).not.toBe(second);
    expect(scopes).toHaveLength(4);
  });

  test('with local accounts is logged in to by its certificate and token', async () => {
    const user = {
      'client-certificate-data': base64('cert'),
      'client-key-data': base64('the key'),
      token: 'local-token',
    };
    const { io, scopes, open } = stage([answerOf(user)]);
    const access = await open();
    const credentials = await access.credentials(null);
    expect(credentials).toEqual({
      headers: { authorization: 'Bearer local-token' },
      connection: { ca: CA, certificate: 'cert', key: 'the key' },
    });
    expect(await access.credentials(credentials)).toBe(credentials);
    expect(scopes).toHaveLength(1);
    expect(io.masked).toEqual(expect.arrayContaining(['the key', 'local-token']));
  });

  test.each([
    ['no https server', answerOf(kubelogin(), { server: 'http://a' }), 'no https server'],
    ['no authority', answerOf(kubelogin(), { 'certificate-authority-data': '' }), 'no https server or no authority'],
    ['no user', answerOf({}), 'no user that could log in'],
    ['an odd server id', answerOf(kubelogin('--server-id', 'hunter2')), 'its server id is no GUID'],
  ])('whose kubeconfig has %s is refused', async (_, answer, message) => {
    const error = await stage([answer])
      .open()
      .catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(message) });
    expect((error as Error).message).not.toContain('hunter2');
  });
});

describe('an answer of Azure', () => {
  const refusal = (status: number, code: string, message: string): Answer => ({
    status,
    body: { error: { code, message } },
  });

  test.each([
    [refusal(404, 'ResourceNotFound', 'shop was not found'), 'NOT_FOUND', 'shop was not found', '`aks-cluster`'],
    [
      refusal(403, 'AuthorizationFailed', 'The client does not have authorization to perform action'),
      'PERMISSION_DENIED',
      'the role lacks Microsoft.ContainerService/managedClusters/listClusterUserCredential/action',
      'Azure Kubernetes Service Cluster User Role',
    ],
  ])('that refuses is one error: %#', async (answer, code, message, hint) => {
    const { sent, open } = stage([answer]);
    await expect(open()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(sent).toHaveLength(1);
  });

  test('that refuses the token is asked for again with a new one', async () => {
    const { sent, open } = stage([{ status: 401 }, answerOf(kubelogin())]);
    await open();
    expect(sent.map(({ headers = {} }) => headers['authorization'])).toEqual([
      'Bearer token-number-1',
      'Bearer token-number-2',
    ]);
  });

  test.each([
    ['a page', { body: '<html>' }],
    ['no kubeconfig', { body: { value: [] } }],
    ['503', refusal(503, 'ServiceUnavailable', 'oops')],
  ])('that may pass is asked for again: %s', async (_, answer: Answer) => {
    const { sent, open } = stage([answer, answerOf(kubelogin())]);
    await open();
    expect(sent).toHaveLength(2);
  });
});

describe('the inputs', () => {
  test.each([
    [{ 'aks-cluster': '/subscriptions/x/shop' }, /aks-cluster: got "\/subscriptions/],
    [{ 'resource-group': '' }, /resource-group: is required .* the resource group that the AKS cluster is in/],
    [{ subscription: 'acme' }, /subscription: got something else/],
  ])('are checked: %j', (given, message) => {
    expect(() => stage([], given)).toThrow(message);
  });
});
