import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CredentialSettings,
  findCredentials,
  type GoogleCredentials,
  noCredentials,
} from '../../../../src/clouds/google/credentials.ts';
import { openFiles } from '../../../../src/io/files.ts';
import type { HttpRequest, HttpResponse } from '../../../../src/io/http.ts';
import type { Io } from '../../../../src/io/io.ts';
import { fakeIo } from '../../../fixtures/fake-io.ts';

async function openCredentials(settings: CredentialSettings, io: Io): Promise<GoogleCredentials> {
  const found = await findCredentials(settings, io);
  if (!found) throw noCredentials(io);
  return found;
}

const none = { workloadIdentityProvider: '', serviceAccount: '' };
const provider = 'projects/1/locations/global/workloadIdentityPools/github/providers/agent';
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'credentials-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** A world that answers with these documents, by host, and notes what it was asked. */
function given(answers: Readonly<Record<string, object>>, env: Record<string, string> = {}) {
  const sent: { readonly url: string; readonly body: string; readonly authorization: string }[] = [];
  const io = fakeIo({ env });
  const send = async ({ url, body, headers = {} }: HttpRequest): Promise<HttpResponse> => {
    sent.push({ url: url.href, body: String(body ?? ''), authorization: headers['authorization'] ?? '' });
    const answer = answers[url.host];
    const text = JSON.stringify(answer ?? { error: 'nobody' });
    const stream = Readable.from([Buffer.from(text)]) as unknown as IncomingMessage;
    return { status: answer ? 200 : 404, headers: { 'content-type': 'application/json' }, body: stream };
  };
  const world: Io = { ...io, http: { ...io.http, send }, files: openFiles(env) };
  return { io: world, sent, masked: io.masked };
}

async function fileOf(document: object): Promise<Record<string, string>> {
  const file = path.join(directory, `${Math.random()}.json`);
  await writeFile(file, JSON.stringify(document));
  return { GOOGLE_APPLICATION_CREDENTIALS: file };
}

function keyFile(): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return {
    type: 'service_account',
    client_email: 'deploy@acme.iam.gserviceaccount.com',
    private_key: pem,
    private_key_id: '1',
  };
}

describe('a key of a service account', () => {
  test('signs for an access token, which is masked, and for identity tokens', async () => {
    const answers = { 'oauth2.googleapis.com': { access_token: 'ya29.access', expires_in: 3600, id_token: 'a.b.c' } };
    const { io, sent, masked } = given(answers, await fileOf(keyFile()));
    const { client, identity } = await openCredentials(none, io);
    expect((await client.getAccessToken()).token).toBe('ya29.access');
    expect(masked).toContain('ya29.access');
    if (identity.kind !== 'key') throw new Error(`not a key: ${identity.kind}`);
    expect(await identity.client.fetchIdToken('https://agent.run.app')).toBe('a.b.c');
    expect(new Set(sent.map(({ url }) => new URL(url).host))).toEqual(new Set(['oauth2.googleapis.com']));
  });
});

describe('a federated identity', () => {
  const github = {
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://github.test/token',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
  };

  test('of the inputs asks GitHub for a proof for its provider, with no file', async () => {
    const { io, sent } = given({ 'github.test': { value: 'x.y.z' } }, github);
    const { identity } = await openCredentials(
      { workloadIdentityProvider: provider, serviceAccount: 'deploy@acme.iam.gserviceaccount.com' },
      io,
    );
    expect(identity).toMatchObject({ kind: 'federated', serviceAccount: 'deploy@acme.iam.gserviceaccount.com' });
    expect(sent).toEqual([]);
  });

  test('is exchanged over our own sockets, time-outs and proxy included', async () => {
    const answers = {
      'github.test': { value: 'x.y.z' },
      'sts.googleapis.com': {
        access_token: 'federated',
        expires_in: 300,
        token_type: 'Bearer',
        issued_token_type: 'x',
      },
      'iamcredentials.googleapis.com': { accessToken: 'ya29.impersonated', expireTime: '2099-01-01T00:00:00Z' },
    };
    const { io, sent, masked } = given(answers, github);
    const settings = { workloadIdentityProvider: provider, serviceAccount: 'deploy@acme.iam.gserviceaccount.com' };
    const { client } = await openCredentials(settings, io);
    expect((await client.getAccessToken()).token).toBe('ya29.impersonated');
    expect(sent.map(({ url }) => new URL(url).host)).toEqual(Object.keys(answers));
    expect(decodeURIComponent(sent[1]!.body)).toContain(`audience=//iam.googleapis.com/${provider}`);
    expect(sent[1]!.body).toContain('subject_token=x.y.z');
    expect(sent[2]!.authorization).toBe('Bearer federated');
    expect(masked).toEqual(expect.arrayContaining(['x.y.z', 'ya29.impersonated']));
  });

  test('without a service account makes no identity tokens, and says why', async () => {
    const { io } = given({}, github);
    const { identity } = await openCredentials({ workloadIdentityProvider: provider, serviceAccount: '' }, io);
    expect(identity).toMatchObject({ kind: 'none', why: expect.stringContaining('acts as no service account') });
  });

  test.each([
    [
      'with a service account',
      'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/deploy@acme.iam.gserviceaccount.com:generateAccessToken',
      'federated',
    ],
    ['without one', undefined, 'none'],
  ])('of a file %s', async (_, url, kind) => {
    const file = {
      ...{
        type: 'external_account',
        audience: `//iam.googleapis.com/${provider}`,
        token_url: 'https://sts.googleapis.com/v1/token',
      },
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      credential_source: {
        url: 'https://github.test/token',
        format: { type: 'json', subject_token_field_name: 'value' },
      },
      ...(url ? { service_account_impersonation_url: url } : {}),
    };
    const { identity } = await openCredentials(none, given({}, await fileOf(file)).io);
    expect(identity.kind).toBe(kind);
  });
});

describe('no credentials', () => {
  test.each([
    ['no file', {}, /the job has none/],
    ['a file that is gone', { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/x.json' }, /is gone/],
  ])('%s', async (_, env, message) => {
    await expect(openCredentials(none, given({}, env).io)).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('workload-identity-provider'),
    });
  });

  test('a file that is no JSON: nothing of it is repeated', async () => {
    const file = path.join(directory, 'broken.json');
    await writeFile(file, '{"private_key": "hunter2');
    const error = await openCredentials(none, given({}, { GOOGLE_APPLICATION_CREDENTIALS: file }).io).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('could not be read as JSON') });
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });

  test('a file of an unknown kind', async () => {
    const error = await openCredentials(
      none,
      given({}, await fileOf({ type: 'external_account', credential_source: {} })).io,
    ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'AUTH_FAILED' });
  });
});

test('credentials of another universe are refused in one sentence, and no token is asked for', async () => {
  const document = { type: 'external_account', universe_domain: 's3nsapis.fr', audience: '//iam.s3nsapis.fr/x' };
  const { io, sent } = given({}, await fileOf(document));
  await expect(openCredentials(none, io)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'could not use the Google credentials: they are of the universe s3nsapis.fr',
  });
  expect(sent).toEqual([]);
});
