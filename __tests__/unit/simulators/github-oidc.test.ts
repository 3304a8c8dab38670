import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CLIENT_ID, TENANT } from '../../../simulators/azure/azure-cloud.ts';
import type { SimulatedRequest } from '../../../simulators/edge/host.ts';
import { GITHUB_ISSUER } from '../../../simulators/github/oidc.ts';
import { openIssuer } from '../../../simulators/signed-token.ts';
import { openWorld, type World } from '../../../simulators/world.ts';

const ENTRA = 'api://AzureADTokenExchange';

let world: World;

beforeEach(async () => {
  world = await openWorld();
});

afterEach(() => world.close());

interface Answer {
  readonly status: number;
  readonly document: Readonly<Record<string, unknown>>;
}

async function send(to: string, init: Partial<SimulatedRequest> = {}): Promise<Answer> {
  const url = new URL(to);
  const hosts = [world.github, ...world.google.hosts, ...world.azure.hosts];
  const host = hosts.find((candidate) => candidate.serves(url.hostname))!;
  const { status, body } = await host.handle({ method: 'GET', headers: {}, body: Buffer.alloc(0), ...init, url });
  return { status, document: JSON.parse(String(body)) };
}

/** As a step of the job asks, by nothing but its environment. */
async function jobToken(audience: string): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = world.github.env;
  const headers = { authorization: `bearer ${token}` };
  const { document } = await send(`${url}&audience=${encodeURIComponent(audience)}`, { headers });
  return String(document['value']);
}

const showToGoogle = (token: string): Promise<Answer> =>
  post('https://sts.googleapis.com/v1/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: `//iam.googleapis.com/${world.google.workloadIdentityProvider}`,
    subject_token: token,
  });

const showToEntra = (token: string): Promise<Answer> =>
  post(`https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`, {
    grant_type: 'client_credentials',
    client_id: CLIENT_ID,
    scope: 'https://management.azure.com/.default',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: token,
  });

const post = (url: string, form: Readonly<Record<string, string>>): Promise<Answer> =>
  send(url, { method: 'POST', body: Buffer.from(String(new URLSearchParams(form))) });

const googleAudience = (): string => `https://iam.googleapis.com/${world.google.workloadIdentityProvider}`;

const claimsOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

describe('GitHub', () => {
  it('gives a token only to the job, for the audience that it asks for', async () => {
    const url = world.github.env['ACTIONS_ID_TOKEN_REQUEST_URL'];
    expect((await send(`${url}&audience=x`)).status).toBe(401);
    expect((await send(`${url}&audience=x`, { headers: { authorization: 'Bearer guess' } })).status).toBe(401);
    const now = Math.floor(world.clock.now() / 1_000);
    expect(claimsOf(await jobToken('x'))).toMatchObject({
      ...{ aud: 'x', sub: 'repo:acme/agent:ref:refs/heads/main', iss: 'https://token.actions.githubusercontent.com' },
      exp: now + 300,
    });
  });

  it('shows the key that its tokens are signed with', async () => {
    const { document } = await send(`${GITHUB_ISSUER}/.well-known/openid-configuration`);
    const { document: shown } = await send(String(document['jwks_uri']));
    const [key] = shown['keys'] as JsonWebKey[];
    const [header, claims, signature = ''] = (await jobToken('x')).split('.');
    const publicKey = createPublicKey({ key: key!, format: 'jwk' });
    const isGood = (text: string) =>
      verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'));
    expect([isGood(`${header}.${claims}`), isGood(`${header}.${claims}x`)]).toEqual([true, false]);
  });
});

describe('one job', () => {
  it('logs in to two clouds from one environment', async () => {
    const google = await showToGoogle(await jobToken(googleAudience()));
    const entra = await showToEntra(await jobToken(ENTRA));
    expect([google.status, entra.status]).toEqual([200, 200]);
  });

  it('gets nothing for a token that is for the other cloud', async () => {
    const google = await showToGoogle(await jobToken(ENTRA));
    const entra = await showToEntra(await jobToken(googleAudience()));
    expect(google.document['error_description']).toContain('does not match the expected audience');
    expect(entra.document['error_description']).toContain('AADSTS700212');
  });

  it('gets nothing for a token of five minutes ago', async () => {
    const [old, older] = [await jobToken(googleAudience()), await jobToken(ENTRA)];
    await world.clock.advance(300_000);
    expect((await showToGoogle(old)).document['error_description']).toContain('is stale to sign-in');
    expect((await showToEntra(older)).document['error_description']).toContain('AADSTS700024');
  });

  it('is another one for both when another repository asks', async () => {
    world.github.setWorkflow({ repository: 'acme/other', environment: 'production' });
    const google = await showToGoogle(await jobToken(googleAudience()));
    const entra = await showToEntra(await jobToken(ENTRA));
    expect(google.document['error_description']).toContain('rejected by the attribute condition');
    expect(entra.document['error_description']).toContain("subject 'repo:acme/other:environment:production'");
  });
});

describe('a token of another issuer', () => {
  it('opens neither cloud, whatever it says', async () => {
    const forge = (audience: string): string =>
      openIssuer('another-issuer').issue(world.github.read(world.github.issue(audience))!);
    expect((await showToGoogle(forge(googleAudience()))).document['error']).toBe('invalid_grant');
    expect((await showToEntra(forge(ENTRA))).document['error_description']).toContain('AADSTS700027');
  });
});
