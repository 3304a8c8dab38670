import http from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { fixedKeychain } from '../../../src/registry/fixed-keychain.ts';
import { openTokenRealms } from '../../../src/registry/token-realm.ts';
import { copy, failureOf, type Opened, openPair } from './copy-world.ts';
import { closeServers, listen, openClient } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: { version: 'v1' } });
const bearer = { auth: { kind: 'bearer', users: { robot: 'correct horse' }, anonymousPull: false } } as const;

/** Challenges every request, and would issue a token to whoever sends it a password. */
async function openCollector() {
  const seen: { readonly path: string; readonly authorization: string | null }[] = [];
  const collector = { host: '', seen, challenge: 'Bearer realm="http://HOST/token",service="x"' };
  const server = http.createServer((request, response) => {
    seen.push({ path: request.url ?? '', authorization: request.headers.authorization ?? null });
    request.resume();
    if (request.url?.startsWith('/token')) return void response.end('{"token":"simulated-token-1"}');
    response.writeHead(401, { 'www-authenticate': collector.challenge.replace('HOST', collector.host) }).end();
  });
  collector.host = await listen(server);
  return collector;
}

function intercept({ served }: Opened, part: string, answer: (response: http.ServerResponse) => void): void {
  served.intercept = (request, response) => {
    if (!`${request.method} ${request.url}`.includes(part)) return false;
    request.resume();
    answer(response);
    return true;
  };
}

const loginOf = ({ served }: Opened) =>
  fixedKeychain(served.registry, { username: 'robot', password: 'correct horse' });

describe('a challenge of a host that the registry points to', () => {
  test.each(['Bearer realm="http://HOST/token",service="x"', 'Basic realm="x"'])(
    'gets no login when a blob is redirected there: %s',
    async (challenge) => {
      const { source, destination } = await openPair(image, { source: bearer });
      const collector = Object.assign(await openCollector(), { challenge });
      intercept(source, 'GET /v2/acme/agent/blobs/', (response) =>
        response.writeHead(307, { location: `http://${collector.host}/blob` }).end(),
      );
      const client = openClient({ keychain: loginOf(source) });
      const failure = await failureOf(copy(client, image, { from: source.served, to: destination.served }));
      expect(collector.seen.filter(({ authorization }) => authorization !== null)).toEqual([]);
      expect(failure.code).toBe('REGISTRY_FAILED');
      expect(failure.message).toContain(
        `${collector.host}, which ${source.served.registry} points to, asks for a login`,
      );
    },
  );

  test('gets no login when an upload goes on there', async () => {
    const { source, destination } = await openPair(image, { destination: bearer });
    const collector = await openCollector();
    intercept(destination, 'POST /v2/prod/agent/blobs/uploads/', (response) =>
      response.writeHead(202, { location: `http://${collector.host}/upload` }).end(),
    );
    const client = openClient({ keychain: loginOf(destination) });
    const failure = await failureOf(copy(client, image, { from: source.served, to: destination.served }));
    expect(collector.seen.filter(({ authorization }) => authorization !== null)).toEqual([]);
    expect(failure.code).toBe('REGISTRY_FAILED');
  });
});

test('a later challenge of the registry that names another token service gets no login', async () => {
  const { source, destination } = await openPair(image, { destination: bearer });
  const collector = await openCollector();
  intercept(destination, 'POST /v2/prod/agent/blobs/uploads/', (response) =>
    response
      .writeHead(401, { 'www-authenticate': `Bearer realm="http://${collector.host}/token",error="invalid_token"` })
      .end(),
  );
  const client = openClient({ keychain: loginOf(destination) });
  const failure = await failureOf(copy(client, image, { from: source.served, to: destination.served }));
  expect(collector.seen).toEqual([]);
  expect(failure.code).toBe('REGISTRY_FAILED');
  expect(failure.message).toContain(`its token service changed from http://${destination.served.registry}`);
});

describe('a token service', () => {
  const cloud = {
    label: 'a cloud',
    resolve: async () => null,
    traits: (registry: string) =>
      registry.endsWith('.registry.example')
        ? { permissions: { pull: 'x', push: 'y' }, createsRepositories: true, tokenHosts: ['login.registry.example'] }
        : null,
  };
  const admit = (registry: string, realm: string) => openTokenRealms([cloud]).admit(registry, realm).href;

  test.each([
    ['docker.io', 'https://auth.docker.io/token'],
    ['ghcr.io', 'https://ghcr.io/token'],
    ['quay.io', 'https://quay.io/v2/auth'],
    ['registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
    ['acme.registry.example', 'https://acme.registry.example/oauth2/token'],
    ['acme.registry.example', 'https://login.registry.example/token'],
    ['harbor.example', 'https://harbor.example/service/token'],
    ['gitlab.example:5050', 'https://gitlab.example/jwt/auth'],
    ['registry.example', 'https://auth.example/token'],
    ['10.0.0.5:5000', 'https://10.0.0.5/token'],
    ['localhost:5000', 'http://localhost:5001/token'],
  ])('of %s at %s is logged in to', (registry, realm) => {
    expect(admit(registry, realm)).toBe(realm);
  });

  test.each([
    ['docker.io', 'https://auth.docker.example/token', 'not one of its token services'],
    ['docker.io', 'https://auth.docker.io:8443/token', 'not one of its token services'],
    ['ghcr.io', 'https://auth.docker.io/token', 'not one of its token services'],
    ['ghcr.io', 'https://ghcr.io.collector.example/token', 'not one of its token services'],
    ['quay.io', 'https://collector.example/token', 'not one of its token services'],
    ['registry.gitlab.com', 'https://gitlab.example/jwt/auth', 'not one of its token services'],
    ['acme.registry.example', 'https://other.registry.example/token', 'not one of its token services'],
    ['registry.example', 'http://registry.example/token', 'not https'],
    ['registry.example', 'https://10.0.0.5/token', 'private address'],
    ['registry.example', 'https://[fd12::1]/token', 'private address'],
    ['registry.example', 'https://[::ffff:192.168.0.1]/token', 'private address'],
    ['localhost:5000', 'https://10.0.0.5/token', 'private address'],
    ['registry.example', 'https://127.0.0.1/token', 'this machine'],
  ])('of %s at %s is not', (registry, realm, why) => {
    expect(() => admit(registry, realm)).toThrow(why);
  });
});
