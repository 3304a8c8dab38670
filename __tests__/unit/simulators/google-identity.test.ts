import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runStage } from '../../../simulators/runner.ts';
import { openWorld, type World, type WorldOptions } from '../../../simulators/world.ts';
import { parseLines } from '../../fixtures/stage/open-stage.ts';
import { GoogleStage, pinned, SERVICE } from './google-stage.ts';

const entry = join(import.meta.dirname, '../../fixtures/google/auth-client.mjs');

let directory: string;
let world: World | null;

beforeEach(async () => {
  world = null;
  directory = await mkdtemp(join(tmpdir(), 'identity-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
  await world?.close();
});

async function logIn(options: WorldOptions & { direct?: boolean } = {}, inputs: Record<string, string> = {}) {
  const { direct = false, ...more } = options;
  world = await openWorld(more);
  const login = await world.google.logIn(directory, { env: world.github.env, direct });
  const env = { ...world.edge.env, ...login.env, NODE_USE_ENV_PROXY: '1' };
  const { log } = await runStage({ entry, inputs, env });
  return {
    world,
    log,
    lines: parseLines<Record<string, unknown>>(log),
    calls: world.edge.calls.map(({ operation }) => operation),
  };
}

describe('the unmodified login library', () => {
  it('gets a token of the service account through GitHub, STS and impersonation, without any other call', async () => {
    const { lines, calls, world } = await logIn();
    expect(lines[0]?.['token']).toMatch(/^ya29\.simulated-service-account-/);
    expect(calls).toEqual(['github:GetIdToken', 'sts:ExchangeToken', 'iamcredentials:GenerateAccessToken']);
    expect(world.google.acceptsToken(String(lines[0]?.['token']))).toBe(true);
    await world.clock.advance(3_600_000);
    expect(world.google.acceptsToken(String(lines[0]?.['token']))).toBe(false);
  });

  it('gets one that lives for five minutes without a service account', async () => {
    const { lines, world } = await logIn({ direct: true });
    expect(lines[0]?.['token']).toMatch(/^ya29\.simulated-federated-/);
    await world.clock.advance(299_000);
    expect(world.google.acceptsToken(String(lines[0]?.['token']))).toBe(true);
    await world.clock.advance(1_000);
    expect(world.google.acceptsToken(String(lines[0]?.['token']))).toBe(false);
  });

  it.each([
    ['another repository', { github: { repository: 'acme/other' } }, 'rejected by the attribute condition'],
    [
      'the immutable subject, where only the old form is trusted',
      { github: { immutableSubject: true }, google: { trustedSubject: /^repo:acme\/agent:/ } },
      'rejected by the attribute condition',
    ],
  ])('is refused for %s', async (_, options, message) => {
    const { log } = await logIn(options);
    expect(log).toContain(message);
  });

  it.each([
    [
      'the immutable subject',
      { github: { immutableSubject: true }, google: { trustedSubject: /^repo:acme@1001\/agent@2002:/ } },
    ],
    [
      'an environment',
      { github: { environment: 'production' }, google: { trustedSubject: /:environment:production$/ } },
    ],
  ])('is trusted by %s', async (_, options) => {
    expect((await logIn(options)).lines[0]?.['token']).toMatch(/^ya29\./);
  });
});

describe('a service that wants to know its callers', () => {
  async function ask(audience: (url: string) => string, deny?: string) {
    world = await openWorld();
    const image = world.publish('v1', { readyAfterMs: 0 });
    const traffic = [pinned('agent-one', 100, 'canary')];
    const extras = { customAudiences: ['https://agent.acme.dev'] };
    const options = { service: SERVICE, image, template: { revision: 'agent-one' }, traffic, extras, isPublic: false };
    const { url } = world.google.addService(options);
    const tag = url.replace('https://', 'https://canary---');
    if (deny) world.google.deny(deny);
    const login = await world.google.logIn(directory, world.github);
    const env = { ...world.edge.env, ...login.env, NODE_USE_ENV_PROXY: '1' };
    const inputs = { service: url, tag, audience: audience(url) };
    const { log } = await runStage({ entry, inputs, env });
    return parseLines<{ status?: number; body?: string; refused?: string }>(log).slice(1);
  }

  it('takes an identity token for its own address, at its tags too; which the account itself may not make', async () => {
    const [own, ...answers] = await ask((url) => url);
    expect(own?.refused).toContain("Permission 'iam.serviceAccounts.getOpenIdToken' denied");
    expect(answers).toEqual([
      { status: 200, body: 'v1' },
      { status: 200, body: 'v1' },
    ]);
  });

  it('takes one for a custom audience', async () => {
    const [, ...answers] = await ask(() => 'https://agent.acme.dev');
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('refuses one for the address of a tag, or of another service: 401', async () => {
    const [, ...answers] = await ask((url) => url.replace('https://', 'https://canary---'));
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  });

  it('refuses a caller who may not: 403', async () => {
    const [, ...answers] = await ask((url) => url, 'run.routes.invoke');
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
  });

  it('refuses whoever has none: 403, an access token or a stale one: 401; and takes the other header', async () => {
    const stage = new GoogleStage();
    const url = stage.service({ isPublic: false });
    const idToken = await identityToken(stage, url);
    const ask = async (headers: Record<string, string>) => (await stage.request(url, { headers })).status;
    expect(await ask({})).toBe(403);
    expect(await ask({ authorization: `Bearer ${stage.token}` })).toBe(401);
    expect(await ask({ authorization: 'Basic app', 'x-serverless-authorization': `Bearer ${idToken}` })).toBe(200);
    stage.advance(3_600);
    expect(await ask({ authorization: `Bearer ${idToken}` })).toBe(401);
    // None of those reached a revision.
    expect(stage.cloud.served(SERVICE)).toHaveLength(1);
  });

  it('authenticates no caller when its invoker check is disabled', async () => {
    const stage = new GoogleStage();
    const url = stage.service({ isPublic: false, extras: { invokerIamDisabled: true } });
    expect((await stage.request(url)).status).toBe(200);
  });
});

describe('a login step', () => {
  it('leaves a file and variables, as google-github-actions/auth does, and takes the file away', async () => {
    world = await openWorld();
    const { env, file, logOut } = await world.google.logIn(directory, world.github);
    expect(env['GOOGLE_APPLICATION_CREDENTIALS']).toBe(file);
    expect(env).toMatchObject({ CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: file, GOOGLE_CLOUD_PROJECT: 'acme-prod' });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      type: 'external_account',
      token_url: 'https://sts.googleapis.com/v1/token',
      service_account_impersonation_url: expect.stringContaining('deploy@acme-prod.iam.gserviceaccount.com'),
    });
    await logOut();
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });
});

async function identityToken(stage: GoogleStage, audience: string): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = stage.github.env;
  const provider = stage.cloud.workloadIdentityProvider;
  const send = async <T>(target: string, headers: Record<string, string>, body: unknown = ''): Promise<T> => {
    const sent = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const method = sent.length > 0 ? 'POST' : 'GET';
    return JSON.parse(String((await stage.request(target, { method, headers, body: sent })).body)) as T;
  };
  const github = `${url}&audience=${encodeURIComponent(`https://iam.googleapis.com/${provider}`)}`;
  const { value } = await send<{ value: string }>(github, { authorization: `Bearer ${token}` });
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: `//iam.googleapis.com/${provider}`,
    subject_token: value,
  });
  const { access_token } = await send<{ access_token: string }>(
    'https://sts.googleapis.com/v1/token',
    {},
    String(form),
  );
  const path = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${stage.cloud.serviceAccount}:generateIdToken`;
  const made = await send<{ token: string }>(path, { authorization: `Bearer ${access_token}` }, { audience });
  return made.token;
}
