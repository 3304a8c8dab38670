import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { runStage } from '../../../simulators/runner.ts';
import { openWorld, SOURCE, type World } from '../../../simulators/world.ts';

const HOST = 'europe-west1-docker.pkg.dev';
const REPOSITORY = 'acme-prod/agents/agent';
const blob = Buffer.from('hello');
const digest = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

let world: World;

beforeEach(async () => {
  world = await openWorld();
});

afterEach(() => world.close());

const basic = (password: string) => `Basic ${Buffer.from(`oauth2accesstoken:${password}`).toString('base64')}`;

function send(method: string, path: string, headers: Record<string, string> = {}, body = Buffer.alloc(0)) {
  const url = new URL(path, `https://${HOST}`);
  const { status, headers: own = {}, body: text = '' } = world.artifactRegistry.handle({ method, url, headers, body });
  return { status, headers: own, text: String(text) };
}

describe('Artifact Registry', () => {
  it('challenges to its own place for tokens, where an access token is exchanged', () => {
    const challenge = send('GET', `/v2/${REPOSITORY}/tags/list`);
    expect(challenge.status).toBe(401);
    expect(challenge.headers['www-authenticate']).toContain(
      `Bearer realm="https://${HOST}/v2/token",service="${HOST}"`,
    );
    const path = `/v2/token?service=${HOST}&scope=repository:${REPOSITORY}:pull,push`;
    expect(send('GET', path, { authorization: basic('guess') }).status).toBe(401);
    const { token } = JSON.parse(send('GET', path, { authorization: basic(world.google.issueToken()) }).text) as {
      token: string;
    };
    expect(send('POST', `/v2/${REPOSITORY}/blobs/uploads/`, { authorization: `Bearer ${token}` }).status).toBe(202);
  });

  it('takes an access token as it is, as Basic and as Bearer, until it ends', async () => {
    const token = world.google.issueToken(60_000);
    const ask = (authorization: string) => send('POST', `/v2/${REPOSITORY}/blobs/uploads/`, { authorization }).status;
    expect([ask(basic(token)), ask(`Bearer ${token}`)]).toEqual([202, 202]);
    await world.clock.advance(60_000);
    expect([ask(basic(token)), ask(`Bearer ${token}`)]).toEqual([401, 401]);
  });

  it('refuses a push to a repository that is not there, or without the permission', () => {
    const headers = { authorization: basic(world.google.issueToken()) };
    const missing = send('POST', '/v2/acme-prod/agnets/agent/blobs/uploads/', headers);
    expect(missing).toMatchObject({ status: 404, text: expect.stringContaining('Repository \\"agnets\\" not found') });
    world.google.deny('artifactregistry.repositories.uploadArtifacts');
    const denied = send('POST', `/v2/${REPOSITORY}/blobs/uploads/`, headers);
    expect(denied.status).toBe(403);
    expect(denied.text).toContain('projects/acme-prod/locations/europe-west1/repositories/agents');
    expect(send('GET', `/v2/${REPOSITORY}/tags/list`, headers).status).not.toBe(403);
  });

  it('takes a blob in one piece only, at an address of 21 KB', () => {
    const headers = { authorization: basic(world.google.issueToken()) };
    const open = () => send('POST', `/v2/${REPOSITORY}/blobs/uploads/`, headers).headers['location'] ?? '';
    expect(open().length).toBeGreaterThan(21_000);
    expect(send('PUT', `${open()}&digest=${digest}`, headers, blob).status).toBe(201);
    const first = open();
    expect(send('PATCH', first, headers, blob.subarray(0, 2)).status).toBe(202);
    expect(send('PATCH', first, headers, blob.subarray(2)).status).toBe(400);
    expect(send('PATCH', open(), { ...headers, 'content-range': '0-1' }, blob.subarray(0, 2)).status).toBe(400);
  });

  it('gets our own copy, an index with three platforms, through its 21 KB headers', async () => {
    const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];
    const image = buildImage({ seed: 'v2', platforms, behaviour: { version: 'v2' } });
    world.source.seed(SOURCE.repository, 'v2', image);
    const logins = [
      { host: SOURCE.host, username: SOURCE.username, password: SOURCE.password },
      { host: HOST, username: 'oauth2accesstoken', password: world.google.issueToken() },
    ];
    const { log } = await runStage({
      entry: join(import.meta.dirname, '../../fixtures/google/copy.mjs'),
      inputs: { source: `${SOURCE.host}/${SOURCE.repository}:v2`, repository: `${HOST}/${REPOSITORY}` },
      env: { ...world.edge.env, COPY_LOGINS: JSON.stringify(logins) },
    });
    expect(log).toContain(image.digest);
    expect(world.artifactRegistry.snapshot().repositories[REPOSITORY]?.tags).toEqual({ v2: image.digest });
    expect(world.artifactRegistry.pull(`${HOST}/${REPOSITORY}@${image.digest}`)?.behaviour.version).toBe('v2');
  });
});
