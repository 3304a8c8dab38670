import { createHash } from 'node:crypto';
import type http from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage, type OciImage } from '../../../simulators/images.ts';
import { type HttpResponse, openHttp } from '../../../src/io/http.ts';
import { type Digest, parseImageName } from '../../../src/model/image.ts';
import { openRegistryClient } from '../../../src/registry/client.ts';
import { copyImage } from '../../../src/registry/copy-image.ts';
import { fixedKeychain } from '../../../src/registry/fixed-keychain.ts';
import { resolveImage } from '../../../src/registry/resolve-image.ts';
import { selectPlatforms } from '../../../src/registry/select-platforms.ts';
import { copy, failureOf, held, openPair, openRegistry, withManifest } from './copy-world.ts';
import { closeServers, type Intercept, manualClock, memoryLog, openClient, type ServedHost } from './world.ts';

afterEach(closeServers);

const single = buildImage({ behaviour: { version: 'v1' } });
const bearer = { auth: { kind: 'bearer', users: { robot: 'correct horse' }, anonymousPull: false } } as const;
const robot = { username: 'robot', password: 'correct horse' };

function answer(response: http.ServerResponse, status: number, headers: object = {}, body = ''): true {
  response.writeHead(status, { ...headers }).end(body);
  return true;
}

async function readBodyOf(request: http.IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString();
}

describe('the challenge of /v2/', () => {
  test('names no repository: its placeholder scope is never asked for, as at ghcr.io', async () => {
    const { source, destination } = await openPair(single, { destination: bearer });
    const { served } = destination;
    served.intercept = ({ url }, response) => {
      if (url !== '/v2/') return false;
      const challenge = `Bearer realm="http://${served.registry}/token",service="x",scope="repository:user/image:pull"`;
      return answer(response, 401, { 'www-authenticate': challenge });
    };
    const keychain = fixedKeychain(served.registry, robot);
    await copy(openClient({ keychain }), single, { from: source.served, to: served });
    const scopes = served.seen.flatMap(({ url }) => url.searchParams.getAll('scope'));
    expect(scopes.length).toBeGreaterThan(0);
    expect(scopes.filter((scope) => scope.includes('user/image'))).toEqual([]);
  });
});

describe('a challenge without a realm', () => {
  const basic = { auth: { kind: 'basic', accepts: (password: string) => password === robot.password } } as const;

  test.each([
    [
      'another one for Bearer',
      'robot',
      bearer,
      (host: string) => `Bearer realm="http://${host}/token",service="${host}"`,
    ],
    ['one for Basic', 'AWS', basic, () => 'Basic realm="registry"'],
  ])('leaves the way to %s', async (_, username, options, other) => {
    const { registry, served } = await openRegistry(options);
    registry.seed('acme/agent', 'v1', single);
    served.intercept = ({ url, headers }, response) => {
      if (headers.authorization !== undefined || url?.startsWith('/token')) return false;
      const challenge = `Bearer error="invalid_token", ${other(served.registry)}`;
      return answer(response, 401, { 'www-authenticate': challenge });
    };
    const name = { registry: served.registry, repository: 'acme/agent', tag: 'v1', digest: null };
    const client = openClient({ keychain: fixedKeychain(served.registry, { ...robot, username }) });
    expect(await resolveImage(client, name)).toMatchObject({ digest: single.digest });
  });
});

describe('a token service', () => {
  /** Answers a token request in this way, and with the simulated one's token. */
  async function pullWith(tokenAnswer: (token: string) => string, credentials = robot) {
    const { registry, served } = await openRegistry(bearer);
    registry.seed('acme/agent', 'v1', single);
    const forms: URLSearchParams[] = [];
    const token = await tokenOf(served);
    served.intercept = (request, response) => {
      if (!request.url?.startsWith('/token')) return false;
      void readBodyOf(request).then((body) => {
        forms.push(new URLSearchParams(body));
        answer(response, 200, {}, tokenAnswer(token));
      });
      return true;
    };
    const keychain = fixedKeychain(served.registry, credentials);
    const name = { registry: served.registry, repository: 'acme/agent', tag: 'v1', digest: null };
    const { digest } = await resolveImage(openClient({ keychain }), name);
    return { digest, forms, served };
  }

  async function tokenOf({ registry }: ServedHost): Promise<string> {
    const basic = Buffer.from('robot:correct horse').toString('base64');
    const url = `http://${registry}/token?service=${registry}&scope=repository:acme/agent:pull`;
    const response = await fetch(url, { headers: { authorization: `Basic ${basic}` } });
    return ((await response.json()) as { token: string }).token;
  }

  test.each([
    ['empty', ''],
    ['null', null],
  ])('may send a token that is %s beside the access token', async (_, token) => {
    const { digest } = await pullWith((access) => JSON.stringify({ token, access_token: access }));
    expect(digest).toBe(single.digest);
  });

  test('is sent an identity token as docker sends it: in a form, never as a password', async () => {
    const identity = { username: '<token>', password: 'identity-token-1' };
    const { digest, forms, served } = await pullWith((access) => JSON.stringify({ access_token: access }), identity);
    expect(digest).toBe(single.digest);
    expect(Object.fromEntries(forms[0]!)).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'identity-token-1',
      scope: 'repository:acme/agent:pull',
    });
    expect(served.seen.filter(({ authorization }) => authorization?.startsWith('Basic'))).toHaveLength(1);
  });
});

describe('a mount that fails', () => {
  const mounting = ({ url }: http.IncomingMessage): boolean => url?.includes('mount=') ?? false;

  test.each<[string, Intercept]>([
    ['with 400', (request, response) => mounting(request) && answer(response, 400)],
    ['with 403', (request, response) => mounting(request) && answer(response, 403)],
    ['with 404', (request, response) => mounting(request) && answer(response, 404)],
    ['with 500', (request, response) => mounting(request) && answer(response, 500)],
    ['with a session that is nowhere', (request, response) => mounting(request) && answer(response, 202)],
    ['with a page', (request, response) => mounting(request) && answer(response, 200, {}, '<html>')],
    ['with 201, and the blob is not there', (request, response) => mounting(request) && answer(response, 201)],
    [
      'without a connection',
      (request) => {
        if (mounting(request)) request.socket.destroy();
        return mounting(request);
      },
    ],
  ])('%s becomes an upload', async (_, intercept) => {
    const { registry, served } = await openRegistry();
    registry.seed('acme/agent', 'v1', single);
    served.intercept = intercept;
    const { statistics } = await copy(openClient(), single, { from: served, to: served });
    expect(statistics).toMatchObject({ copiedBlobs: single.blobs.length, mountedBlobs: 0 });
  });

  test.each([400, 403])('as no token for two repositories is given (%i) becomes an upload', async (status) => {
    const { registry, served } = await openRegistry(bearer);
    registry.seed('acme/agent', 'v1', single);
    served.intercept = ({ url }, response) => {
      const scopes = new URL(url ?? '', 'http://x').searchParams.getAll('scope');
      return scopes.length > 1 && answer(response, status);
    };
    const keychain = fixedKeychain(served.registry, robot);
    const { statistics } = await copy(openClient({ keychain }), single, { from: served, to: served });
    expect(statistics).toMatchObject({ copiedBlobs: single.blobs.length });
  });
});

describe('an upload that is refused as a whole', () => {
  const large = buildImage({ behaviour: {}, layers: 1, layerBytes: 5_000_000 });

  /** Takes no request with a body of more than so many bytes. `isAbrupt`: and closes the connection while more of it comes. */
  function limitTo(limit: number, status: number, isAbrupt = false): Intercept {
    return (request, response) => {
      if (!['PUT', 'PATCH'].includes(request.method ?? '') || !request.url?.includes('/uploads/')) return false;
      if (Number(request.headers['content-length'] ?? 0) <= limit) return false;
      if (!isAbrupt) request.resume().on('end', () => answer(response, status));
      else response.writeHead(status, { connection: 'close' }).end(() => request.socket.resetAndDestroy());
      return true;
    };
  }

  test.each([
    [413, 4_500_000],
    [413, 1_048_576],
    [416, 4_194_304],
    [400, 4_194_304],
    [411, 4_194_304],
  ])('with %i is sent in pieces that are short enough (%i bytes)', async (status, limit) => {
    const { source, destination } = await openPair(large);
    destination.served.intercept = limitTo(limit, status);
    await copy(openClient(), large, { from: source.served, to: destination.served });
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
    expect(destination.served.count('registry:PATCH upload')).toBeGreaterThan(1);
  });

  test('with a closed connection is sent in pieces too; the end names the limit where none is short enough', async () => {
    const { source, destination } = await openPair(large);
    destination.served.intercept = limitTo(1_048_576, 413, true);
    await copy(openClient(), large, { from: source.served, to: destination.served });
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
    const other = await openRegistry();
    other.served.intercept = limitTo(500_000, 413, true);
    const failure = await failureOf(copy(openClient(), large, { from: source.served, to: other.served }));
    expect(failure.message).toContain(': 413');
    expect(failure.hint).toContain('limits the length of a request');
  });

  test.each([
    [401, 'AUTH_FAILED'],
    [403, 'PERMISSION_DENIED'],
    [507, 'NETWORK'],
  ])('with %i and a closed connection is reported as that', async (status, code) => {
    const { source, destination } = await openPair(large);
    destination.served.intercept = limitTo(500_000, status, true);
    const failure = await failureOf(copy(openClient(), large, { from: source.served, to: destination.served }));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(`: ${status}`) });
  });

  test('is sent in pieces from then on, and in none shorter than the registry wants', async () => {
    const { source, destination } = await openPair(large);
    const lengths: number[] = [];
    const limit = limitTo(4_500_000, 413);
    destination.served.intercept = (request, response) => {
      if (request.method === 'PATCH') lengths.push(Number(request.headers['content-length']));
      if (request.method === 'POST') response.setHeader('oci-chunk-min-length', '4200000');
      return limit(request, response);
    };
    await copy(openClient(), large, { from: source.served, to: destination.served });
    expect(lengths.filter((length) => length === 4_200_000).length).toBeGreaterThan(0);
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
  });

  test('and in the shortest pieces too, is an error that names the limit of a proxy', async () => {
    const { source, destination } = await openPair(large);
    destination.served.intercept = limitTo(500_000, 413);
    const failure = await failureOf(copy(openClient(), large, { from: source.served, to: destination.served }));
    expect(failure.message).toContain(': 413');
    expect(failure.hint).toContain('limits the length of a request');
    expect(held(destination)?.tags).toEqual({});
  });
});

describe('a registry that sends Retry-After', () => {
  async function pull(retryAfter: string, deadlineMs: number) {
    const { registry, served } = await openRegistry();
    registry.seed('acme/agent', 'v1', single);
    const clock = manualClock();
    served.intercept = (_, response) => {
      const date = new Date(clock.now()).toUTCString();
      return answer(response, 429, { 'retry-after': retryAfter, date });
    };
    const client = openRegistryClient({
      http: openHttp({}),
      clock,
      log: memoryLog(),
      keychains: [],
      signal: new AbortController().signal,
      deadline: clock.now() + deadlineMs,
    });
    const name = { registry: served.registry, repository: 'acme/agent', tag: 'v1', digest: null };
    return { failure: await failureOf(resolveImage(client, name)), served, clock };
  }

  test('for longer than there is time is not waited for, and a login is what helps', async () => {
    const { failure, served, clock } = await pull('21600', 900_000);
    expect(failure.code).toBe('THROTTLED');
    expect(failure.hint).toContain(`Log in to ${served.registry}`);
    expect(clock.sleeps).toEqual([]);
    expect(served.seen).toHaveLength(1);
  });

  test.each([
    ['source', 'GET', '/manifests/'],
    ['source', 'GET', '/blobs/'],
    ['destination', 'HEAD', '/manifests/'],
    ['destination', 'HEAD', '/blobs/'],
    ['destination', 'POST', '/uploads/'],
    ['destination', 'PUT', '/uploads/'],
    ['destination', 'PATCH', '/uploads/'],
    ['destination', 'PUT', '/manifests/'],
    ['destination', 'GET', '/token'],
  ] as const)('for longer than there is time is not waited for: the %s, %s %s', async (side, method, part) => {
    const pair = await openPair(single, part === '/token' ? { destination: bearer } : {});
    const { source, destination } = pair;
    const refusing: Intercept = (request, response) => {
      if (request.method !== method || !request.url?.includes(part)) return false;
      request.resume().on('end', () => answer(response, 429, { 'retry-after': '200' }));
      return true;
    };
    const inPieces: Intercept = (request, response) =>
      request.method === 'PUT' && request.url?.includes('/uploads/')
        ? answer(response, 413)
        : refusing(request, response);
    pair[side].served.intercept = method === 'PATCH' ? inPieces : refusing;
    const clock = manualClock();
    const keychain = fixedKeychain(destination.served.registry, robot);
    const client = openClient({ clock, keychain, deadline: clock.now() + 100_000 });
    const failure = await failureOf(copy(client, single, { from: source.served, to: destination.served }));
    expect({ code: failure.code, sleeps: clock.sleeps }).toEqual({ code: 'THROTTLED', sleeps: [] });
  });

  test.each(['0', '-5', ' ', 'soon', 'Wed, 21 Oct 2015 07:28:00 GMT'])(
    'without a time to come (%j) is asked again after pauses of our own',
    async (retryAfter) => {
      const { failure, clock } = await pull(retryAfter, 900_000);
      expect(failure.code).toBe('THROTTLED');
      expect(clock.sleeps).toHaveLength(8);
      expect(Math.min(...clock.sleeps)).toBeGreaterThan(200);
    },
  );

  test.each([
    ['1.5', 1_500],
    ['Thu, 01 Jan 2026 00:00:20 GMT', 20_000],
  ])('with %s is taken at its word', async (retryAfter, ms) => {
    const { clock } = await pull(retryAfter, 900_000);
    expect(clock.sleeps[0]).toBe(ms);
  });

  test('for less is waited for', async () => {
    const { served } = await pull('20', 900_000);
    expect(served.seen.length).toBeGreaterThan(1);
  });
});

describe('a blob that breaks off', () => {
  const large = buildImage({ behaviour: {}, layers: 1, layerBytes: 300_000 });
  const blob = large.blobs.reduce((one, other) => (one.bytes.length > other.bytes.length ? one : other));
  const size = blob.bytes.length;

  /** The second request gets everything from `start` on. */
  async function copyResumedAt(start: (asked: number) => number, range: (start: number) => object) {
    const { source, destination } = await openPair(large);
    let reads = 0;
    source.served.intercept = (request, response) => {
      if (request.method !== 'GET' || !request.url?.includes(blob.digest)) return false;
      reads += 1;
      const asked = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const from = asked === 0 ? 0 : start(asked);
      const part = blob.bytes.subarray(from);
      const headers = { 'content-length': part.length, ...(from === 0 && asked === 0 ? {} : range(from)) };
      response.writeHead(asked === 0 ? 200 : 206, headers);
      if (reads > 1) response.end(part);
      else response.write(part.subarray(0, 200_000), () => setTimeout(() => request.socket.destroy(), 20));
      return true;
    };
    const copying = copy(openClient(), large, { from: source.served, to: destination.served });
    return { copying, isThere: () => JSON.stringify(held(destination)) === JSON.stringify(held(source, 'acme/agent')) };
  }

  const named = (start: number) => ({ 'content-range': `bytes ${start}-${size - 1}/${size}` });

  test.each([
    ['from where it broke', (asked: number) => asked, named],
    ['from where it broke, without saying so', (asked: number) => asked, () => ({})],
    ['from its start', () => 0, named],
    ['from the start of a block', (asked: number) => asked - 1_000, named],
  ])('and is sent again %s arrives whole', async (_, start, range) => {
    const { copying, isThere } = await copyResumedAt(start, range);
    await copying;
    expect(isThere()).toBe(true);
  });

  test('and goes on later than where it broke is not taken, and no damage of the image', async () => {
    const { copying } = await copyResumedAt((asked) => asked + 1_000, named);
    const failure = await failureOf(copying);
    expect(failure).toMatchObject({ code: 'NETWORK', message: expect.stringContaining('went on at byte') });
  });
});

test('no content coding is welcome: what is packed on the way has not the digest that it is named by', async () => {
  const { source, destination } = await openPair(single, { destination: bearer });
  const codings: unknown[] = [];
  for (const { served } of [source, destination]) {
    served.intercept = ({ headers }) => {
      codings.push(headers['accept-encoding']);
      return false;
    };
  }
  const keychain = fixedKeychain(destination.served.registry, robot);
  await copy(openClient({ keychain }), single, { from: source.served, to: destination.served });
  expect(new Set(codings)).toEqual(new Set(['identity']));
});

describe('a manifest', () => {
  test.each<[string, OciImage]>([
    ['whose layers have no addresses', withManifest(single, (manifest) => withUrls(manifest, null))],
    ['without layers', withManifest(single, (manifest) => ({ ...manifest, layers: null }))],
    ['without manifests', withManifest(single, (manifest) => ({ ...manifest, manifests: null }))],
  ])('%s, said with null, is copied as it is', async (_, image) => {
    const { source, destination } = await openPair(image);
    await copy(openClient(), image, { from: source.served, to: destination.served });
    expect(held(destination)).toMatchObject({ tags: { v1: image.digest }, manifests: [image.digest] });
  });

  function withUrls(manifest: { readonly layers: readonly object[] }, urls: null): unknown {
    return { ...manifest, layers: manifest.layers.map((layer) => ({ ...layer, urls })) };
  }
});

test('an index that names more than its registry has is refused, and `platforms` is the way out', async () => {
  const index = buildImage({ behaviour: {}, platforms: ['linux/amd64', 'linux/arm64'] });
  const { manifests } = JSON.parse(index.manifests.at(-1)!.bytes.toString()) as { manifests: { digest: string }[] };
  const absent = manifests[1]!.digest;
  const { source, destination } = await openPair(index);
  source.served.intercept = ({ url }, response) => (url?.endsWith(absent) ?? false) && answer(response, 404);
  const client = openClient();
  const failure = await failureOf(copy(client, index, { from: source.served, to: destination.served }));
  expect(failure).toMatchObject({ code: 'IMAGE_NOT_FOUND', hint: expect.stringContaining('`platforms: linux/amd64`') });
  expect(failure.message).toContain(absent);
  const name = {
    registry: source.served.registry,
    repository: 'acme/agent',
    tag: 'v1',
    digest: index.digest as Digest,
  };
  const part = await selectPlatforms(client, name, [{ os: 'linux', architecture: 'amd64', variant: null }]);
  const there = { registry: destination.served.registry, repository: 'prod/agent', tags: ['v1'] };
  await copyImage(client, { source: name, destination: there, part: part! });
  expect(held(destination)?.tags['v1']).toBe(manifests[0]!.digest);
});

test.each([404, 403])(
  'a name without a registry that Docker Hub answers with %i is told where it was looked for',
  async (status) => {
    const body = () => Readable.from([Buffer.from('{"errors":[{"code":"NAME_UNKNOWN"}]}')]);
    const send = async () => ({ status, headers: {}, body: body() }) as unknown as HttpResponse;
    const options = { clock: manualClock(), log: memoryLog(), keychains: [], signal: new AbortController().signal };
    const client = openRegistryClient({ ...options, http: { ...openHttp({}), send } });
    const failure = await failureOf(resolveImage(client, parseImageName('agent:latest')));
    expect(failure.hint).toContain('"agent" has no registry in front, so it was looked for at Docker Hub');
    expect((await failureOf(resolveImage(client, parseImageName('acme/agent:latest')))).hint).not.toContain('in front');
  },
);

test('a layer that is named by sha512 is checked by that and copied', async () => {
  const layer = single.blobs[1]!;
  const digest = `sha512:${createHash('sha512').update(layer.bytes).digest('hex')}`;
  const named = withManifest(single, (manifest) => ({
    ...manifest,
    layers: manifest.layers.map((one) => (one.digest === layer.digest ? { ...one, digest } : one)),
  }));
  const blobs = single.blobs.map((one) => (one === layer ? { ...one, digest } : one));
  const image: OciImage = { ...named, blobs };
  const { source, destination } = await openPair(image);
  await copy(openClient(), image, { from: source.served, to: destination.served });
  expect(held(destination)).toEqual(held(source, 'acme/agent'));
  source.served.intercept = ({ url }, response) =>
    (url?.endsWith(digest) ?? false) && answer(response, 200, {}, 'x'.repeat(layer.bytes.length));
  const again = { from: source.served, to: destination.served, repository: 'prod/other' };
  destination.served.intercept = ({ method, url }, response) =>
    method === 'HEAD' && (url?.includes('/blobs/') ?? false) && answer(response, 404);
  const failure = await failureOf(copy(openClient(), image, again));
  expect(failure).toMatchObject({ code: 'IMAGE_INVALID', message: expect.stringContaining('has the digest sha512:') });
});

describe('after the verdict', () => {
  const challenge = ({ registry }: ServedHost) => ({ 'www-authenticate': `Bearer realm="http://${registry}/token"` });
  const page = '<html>'.padEnd(300_000, 'x');

  test.each<[string, (served: ServedHost) => Intercept]>([
    [
      'a token service that fails',
      (served) => (request, response) =>
        request.url?.startsWith('/token')
          ? answer(response, 403, {}, page)
          : answer(response, 401, challenge(served), page),
    ],
    ['a page', () => (_, response) => answer(response, 200, {}, page)],
    ['a long refusal', () => (_, response) => answer(response, 403, {}, page)],
    ['an error of the server', () => (_, response) => answer(response, 500, {}, page)],
    ['a redirect to nowhere', () => (_, response) => answer(response, 307, { location: 'http://10.0.0.1/' }, page)],
    [
      'redirects without an end',
      () => (request, response) => answer(response, 307, { location: request.url ?? '' }, page),
    ],
    [
      'a manifest that is too long',
      () => (_, response) => answer(response, 200, { 'content-length': '9000000' }, 'x'.repeat(9_000_000)),
    ],
  ])('on %s no connection is in use, so that the process ends', async (_, interceptFor) => {
    const { served } = await openRegistry();
    served.intercept = interceptFor(served);
    const http = openHttp({});
    const keychains = [fixedKeychain(served.registry, robot)];
    const { signal } = new AbortController();
    const client = openRegistryClient({ http, clock: manualClock(), log: memoryLog(), keychains, signal });
    const name = { registry: served.registry, repository: 'acme/agent', tag: 'v1', digest: null };
    await failureOf(resolveImage(client, name));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(Object.keys(http.httpAgent.sockets)).toEqual([]);
  });
});
