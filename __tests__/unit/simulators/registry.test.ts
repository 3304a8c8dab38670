import { createHash } from 'node:crypto';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { SimulatedRequest } from '../../../simulators/edge/host.ts';
import { buildImage, type OciImage } from '../../../simulators/images.ts';
import { SimulatedRegistry, type SimulatedRegistryOptions } from '../../../simulators/registry/registry.ts';

const HOST = 'registry.example';

function open(options: Partial<SimulatedRegistryOptions> = {}) {
  const time = { ms: 0 };
  const registry = new SimulatedRegistry({
    hostnames: [HOST],
    clock: { now: () => time.ms },
    auth: { kind: 'anonymous' },
    createOnPush: true,
    mount: 'allow',
    ...options,
  });
  const send = (method: string, location: string, rest: Partial<Pick<SimulatedRequest, 'headers' | 'body'>> = {}) => {
    const url = new URL(location, `https://${HOST}`);
    const response = registry.handle({ method, url, headers: {}, body: Buffer.alloc(0), ...rest });
    return { ...response, headers: response.headers ?? {}, text: (response.body ?? '').toString() };
  };
  const push = (repository: string, body: Buffer): void => {
    const { headers } = send('POST', `/v2/${repository}/blobs/uploads/`);
    send('PUT', `${headers['location']}&digest=${sha256(body)}`, { body });
  };
  return { registry, send, push, time };
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const sha512 = (bytes: Buffer): string => `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const hello = Buffer.from('hello world');
const image = buildImage({ behaviour: { version: 'v7' } });
const topOf = (built: OciImage) => built.manifests.find(({ digest }) => digest === built.digest)!;

describe('blobs', () => {
  test('go up in one PUT, and come back whole, in part, or as headers', () => {
    const { send, push } = open();
    push('a/b', hello);
    const path = `/v2/a/b/blobs/${sha256(hello)}`;
    expect(send('GET', path).text).toBe('hello world');
    expect(send('HEAD', path)).toMatchObject({ status: 200, text: '', headers: { 'content-length': '11' } });
    const part = send('GET', path, { headers: { range: 'bytes=6-' } });
    expect(part).toMatchObject({ status: 206, text: 'world', headers: { 'content-range': 'bytes 6-10/11' } });
    expect(send('GET', path, { headers: { range: 'bytes=11-' } }).status).toBe(416);
    const end = send('GET', path, { headers: { range: 'bytes=-5' } });
    expect(end).toMatchObject({ status: 206, text: 'world', headers: { 'content-range': 'bytes 6-10/11' } });
    expect(send('GET', path, { headers: { range: 'bytes=-' } })).toMatchObject({ status: 200, text: 'hello world' });
  });

  test('go by the algorithm that their digest names, sha512 too, and not by an unregistered one', () => {
    const { send } = open();
    const put = (digest: string) => {
      const { headers } = send('POST', '/v2/a/b/blobs/uploads/');
      return send('PUT', `${headers['location']}&digest=${digest}`, { body: hello });
    };
    const digest = sha512(hello);
    expect(put(digest)).toMatchObject({ status: 201, headers: { 'docker-content-digest': digest } });
    expect(send('GET', `/v2/a/b/blobs/${digest}`).text).toBe('hello world');
    expect(send('HEAD', `/v2/a/b/blobs/${sha256(hello)}`).status).toBe(404);
    expect(put(sha512(Buffer.from('other'))).text).toContain('DIGEST_INVALID');
    expect(put(`md5:${createHash('md5').update(hello).digest('hex')}`).text).toContain('DIGEST_INVALID');
  });

  test('go up in chunks, which have to come in order', () => {
    const { send } = open();
    const first = send('POST', '/v2/a/b/blobs/uploads/');
    expect(first).toMatchObject({ status: 202, headers: { range: '0-0' } });
    const chunk = { headers: { 'content-range': '0-5' }, body: hello.subarray(0, 6) };
    const second = send('PATCH', first.headers['location']!, chunk);
    expect(second).toMatchObject({ status: 202, headers: { range: '0-5' } });
    expect(send('PATCH', second.headers['location']!, chunk)).toMatchObject({ status: 416, headers: { range: '0-5' } });
    expect(send('GET', second.headers['location']!)).toMatchObject({ status: 204, headers: { range: '0-5' } });
    const last = send('PUT', `${second.headers['location']}&digest=${sha256(hello)}`, { body: hello.subarray(6) });
    expect(last.status).toBe(201);
    expect(send('GET', last.headers['location']!).text).toBe('hello world');
    expect(send('GET', second.headers['location']!).status).toBe(404);
  });

  test('with another digest than announced are refused and not kept', () => {
    const { registry, send } = open();
    const { headers } = send('POST', '/v2/a/b/blobs/uploads/');
    const refused = send('PUT', `${headers['location']}&digest=${sha256(Buffer.from('other'))}`, { body: hello });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('DIGEST_INVALID');
    expect(registry.snapshot().repositories['a/b']?.blobs).toEqual([]);
  });

  test('in a POST with a digest open a session, as docker-registry 2.8 does', () => {
    const { send } = open();
    expect(send('POST', `/v2/a/b/blobs/uploads/?digest=${sha256(hello)}`, { body: hello }).status).toBe(202);
  });

  test.each([
    ['allow', 'a/b', 201],
    ['ignore', 'a/b', 202],
    ['allow', 'nobody/here', 202],
  ] as const)('are mounted under the rule "%s" from %s with %i', (mount, from, status) => {
    const { send, push } = open({ mount });
    push('a/b', hello);
    const path = `/v2/c/d/blobs/uploads/?mount=${encodeURIComponent(sha256(hello))}&from=${encodeURIComponent(from)}`;
    expect(send('POST', path).status).toBe(status);
    expect(send('HEAD', `/v2/c/d/blobs/${sha256(hello)}`).status).toBe(status === 201 ? 200 : 404);
  });

  test('of one repository are not seen through another', () => {
    const { send, push } = open();
    push('a/b', hello);
    push('c/d', Buffer.from('x'));
    expect(send('GET', `/v2/c/d/blobs/${sha256(hello)}`).status).toBe(404);
  });

  test('on another host need the signature and no authorization', () => {
    const { registry, send, push } = open({ redirectBlobsTo: 'bucket.example' });
    push('a/b', hello);
    const { status, headers } = send('GET', `/v2/a/b/blobs/${sha256(hello)}`);
    const location = headers['location']!;
    expect(status).toBe(307);
    expect(new URL(location).hostname).toBe('bucket.example');
    expect(registry.serves('bucket.example')).toBe(true);
    expect(send('GET', location).text).toBe('hello world');
    expect(send('GET', location, { headers: { authorization: 'Bearer x' } }).status).toBe(400);
    expect(send('GET', location.split('?')[0]!).status).toBe(403);
  });
});

describe('manifests', () => {
  const put = (at: ReturnType<typeof open>, reference: string, built = image) =>
    at.send('PUT', `/v2/a/b/manifests/${reference}`, {
      headers: { 'content-type': topOf(built).mediaType },
      body: topOf(built).bytes,
    });

  test('are refused while something that they name is missing, and kept byte for byte when all is there', () => {
    const at = open();
    const [first, ...others] = image.blobs;
    for (const blob of others) at.push('a/b', blob.bytes);
    expect(put(at, 'v1').text).toContain('MANIFEST_BLOB_UNKNOWN');
    at.push('a/b', first!.bytes);
    expect(put(at, 'v1')).toMatchObject({ status: 201, headers: { 'docker-content-digest': image.digest } });
    const read = at.send('GET', `/v2/a/b/manifests/${image.digest}`);
    expect(read.headers['content-type']).toBe(topOf(image).mediaType);
    expect(sha256(Buffer.from(read.text))).toBe(image.digest);
  });

  test('of an index are refused while a platform is missing', () => {
    const index = buildImage({ behaviour: {}, platforms: ['linux/amd64'] });
    const at = open();
    for (const blob of index.blobs) at.push('a/b', blob.bytes);
    expect(put(at, 'v1', index).text).toContain('MANIFEST_BLOB_UNKNOWN');
  });

  test('by a digest that is not that of the content, with a wrong type, or that are no JSON are refused', () => {
    const at = open();
    at.registry.seed('a/b', null, image);
    expect(put(at, sha256(hello)).text).toContain('DIGEST_INVALID');
    const wrongType = { headers: { 'content-type': 'application/json' }, body: topOf(image).bytes };
    expect(at.send('PUT', '/v2/a/b/manifests/v1', wrongType).text).toContain('MANIFEST_INVALID');
    expect(at.send('PUT', '/v2/a/b/manifests/v1', { body: hello }).text).toContain('MANIFEST_INVALID');
  });

  test('by their sha512 are found by it', () => {
    const at = open();
    at.registry.seed('a/b', null, image);
    const digest = sha512(topOf(image).bytes);
    expect(put(at, digest)).toMatchObject({ status: 201, headers: { 'docker-content-digest': digest } });
    expect(at.send('GET', `/v2/a/b/manifests/${digest}`).text).toBe(topOf(image).bytes.toString());
    expect(put(at, sha512(hello)).text).toContain('DIGEST_INVALID');
  });

  test('under an immutable tag are refused even when they are the same', () => {
    const at = open({ immutableTags: true });
    at.registry.seed('a/b', 'v1', image);
    const refused = put(at, 'v1');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('TAG_INVALID');
    expect(refused.text).toContain('cannot be overwritten because the repository is immutable');
    expect(put(at, 'v2').status).toBe(201);
  });

  test('are listed by tag in order, page by page', () => {
    const { registry, send } = open();
    for (const tag of ['v2', 'v1', 'v10']) registry.seed('a/b', tag, image);
    expect(JSON.parse(send('GET', '/v2/a/b/tags/list').text)).toEqual({ name: 'a/b', tags: ['v1', 'v10', 'v2'] });
    const page = send('GET', '/v2/a/b/tags/list?n=2');
    expect(JSON.parse(page.text).tags).toEqual(['v1', 'v10']);
    const next = /^<(.+)>; rel="next"$/.exec(page.headers['link'] ?? '')![1]!;
    const end = send('GET', next);
    expect(JSON.parse(end.text).tags).toEqual(['v2']);
    expect(end.headers['link']).toBeUndefined();
  });

  test('that refer to another are found by its digest', () => {
    const { registry, send } = open();
    registry.seed('a/b', 'v1', image);
    expect(JSON.parse(send('GET', `/v2/a/b/referrers/${image.digest}`).text).manifests).toEqual([]);
    const original = JSON.parse(topOf(image).bytes.toString());
    const referrer = { ...original, artifactType: 'application/sbom', subject: { digest: image.digest } };
    const headers = { 'content-type': topOf(image).mediaType };
    const pushed = send('PUT', '/v2/a/b/manifests/sbom', { headers, body: Buffer.from(JSON.stringify(referrer)) });
    expect(pushed.headers['oci-subject']).toBe(image.digest);
    const list = JSON.parse(send('GET', `/v2/a/b/referrers/${image.digest}`).text);
    expect(list.manifests).toMatchObject([
      { digest: pushed.headers['docker-content-digest'], artifactType: 'application/sbom' },
    ]);
    const filtered = send('GET', `/v2/a/b/referrers/${image.digest}?artifactType=other`);
    expect(JSON.parse(filtered.text).manifests).toEqual([]);
    expect(filtered.headers['oci-filters-applied']).toBe('artifactType');
  });
});

test('a list of referrers is empty, never missing, before the first push too; what is no digest is refused', () => {
  const { send } = open();
  const nothing = send('GET', `/v2/not/yet/referrers/${image.digest}`);
  expect(nothing).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
  });
  expect(JSON.parse(nothing.text).manifests).toEqual([]);
  expect(send('GET', '/v2/not/yet/referrers/latest').status).toBe(400);
  const withoutCreateOnPush = open({ createOnPush: false });
  expect(withoutCreateOnPush.send('GET', `/v2/not/yet/referrers/${image.digest}`).status).toBe(404);
});

test('a registry without a list of referrers has no such page, and promises none after a push', () => {
  const { registry, send } = open({ referrers: 'fallback' });
  registry.seed('a/b', 'v1', image);
  expect(send('GET', `/v2/a/b/referrers/${image.digest}`).status).toBe(404);
  const referrer = { ...JSON.parse(topOf(image).bytes.toString()), subject: { digest: image.digest } };
  const headers = { 'content-type': topOf(image).mediaType };
  const pushed = send('PUT', '/v2/a/b/manifests/sbom', { headers, body: Buffer.from(JSON.stringify(referrer)) });
  expect(pushed.status).toBe(201);
  expect(pushed.headers['oci-subject']).toBeUndefined();
});

describe('who may', () => {
  const users = { robot: 'correct horse' };
  const login = (at: ReturnType<typeof open>, query: string, headers = {}) => {
    const { status, text } = at.send('GET', `/token?service=${HOST}${query}`, { headers });
    return { status, bearer: { authorization: `Bearer ${JSON.parse(text).token}` } };
  };

  test('a token opens what it was asked for, until it expires', () => {
    const at = open({ auth: { kind: 'bearer', users, tokenLifetimeMs: 60_000 } });
    const challenge = at.send('POST', '/v2/a/b/blobs/uploads/');
    expect(challenge.status).toBe(401);
    expect(challenge.headers['www-authenticate']).toBe(
      `Bearer realm="https://${HOST}/token",service="${HOST}",scope="repository:a/b:pull,push"`,
    );
    const { bearer } = login(at, '&scope=repository:a/b:pull,push', basic('robot', 'correct horse'));
    expect(at.send('POST', '/v2/a/b/blobs/uploads/', { headers: bearer }).status).toBe(202);
    const elsewhere = at.send('POST', '/v2/c/d/blobs/uploads/', { headers: bearer });
    expect(elsewhere.headers['www-authenticate']).toContain('insufficient_scope');
    at.time.ms += 60_000;
    expect(at.send('POST', '/v2/a/b/blobs/uploads/', { headers: bearer }).status).toBe(401);
  });

  test('an anonymous client may pull and not push; a wrong password allows neither', () => {
    const at = open({ auth: { kind: 'bearer', users } });
    at.registry.seed('a/b', 'v1', image);
    const { bearer } = login(at, '&scope=repository:a/b:pull,push');
    expect(at.send('GET', '/v2/a/b/manifests/v1', { headers: bearer }).status).toBe(200);
    expect(at.send('POST', '/v2/a/b/blobs/uploads/', { headers: bearer }).status).toBe(401);
    expect(login(at, '', basic('robot', 'wrong')).status).toBe(401);
  });

  test('a blob is mounted only from where the token may read', () => {
    const at = open({ auth: { kind: 'bearer', users, anonymousPull: false } });
    at.registry.seed('a/b', 'v1', image);
    const mount = `/v2/c/d/blobs/uploads/?mount=${image.blobs[0]!.digest}&from=a/b`;
    const narrow = login(at, '&scope=repository:c/d:pull,push', basic('robot', 'correct horse')).bearer;
    expect(at.send('POST', mount, { headers: narrow }).status).toBe(202);
    const wide = login(
      at,
      '&scope=repository:c/d:pull,push&scope=repository:a/b:pull',
      basic('robot', 'correct horse'),
    );
    expect(at.send('POST', mount, { headers: wide.bearer }).status).toBe(201);
  });

  test('with basic authentication it is the user AWS with a password that is accepted now', () => {
    const at = open({ auth: { kind: 'basic', accepts: (password) => password === 'today' } });
    expect(at.send('GET', '/v2/').headers['www-authenticate']).toContain('Basic realm=');
    expect(at.send('GET', '/v2/', { headers: basic('AWS', 'today') }).status).toBe(200);
    expect(at.send('GET', '/v2/', { headers: basic('AWS', 'yesterday') }).status).toBe(400);
    expect(at.send('GET', '/v2/', { headers: basic('robot', 'today') }).status).toBe(400);
  });

  test('a push does not create a repository where it must be created first', () => {
    const { registry, send } = open({ createOnPush: false });
    expect(send('HEAD', '/v2/a/b/manifests/v1').status).toBe(403);
    expect(send('GET', '/v2/a/b/manifests/v1').text).toContain('NAME_UNKNOWN');
    expect(send('POST', '/v2/a/b/blobs/uploads/')).toMatchObject({ status: 404 });
    registry.createRepository('a/b');
    expect(send('POST', '/v2/a/b/blobs/uploads/').status).toBe(202);
  });
});

test.each([
  ['GET', '/v2/', 'registry:GET ping', false],
  ['HEAD', '/v2/a/b/blobs/sha256:00', 'registry:HEAD blob', false],
  ['POST', '/v2/a/b/blobs/uploads/', 'registry:POST upload', true],
  ['PUT', '/v2/a/b/blobs/uploads/1?digest=x', 'registry:PUT upload', true],
  ['PUT', '/v2/a/b/manifests/v1', 'registry:PUT manifest', true],
  ['GET', '/v2/a/manifests/manifests/v1', 'registry:GET manifest', false],
  ['GET', '/token', 'registry:GET token', false],
  ['GET', '/v2/%zz', 'registry:GET unknown', false],
])('%s %s is called %s', (method, path, operation, mutates) => {
  const url = new URL(path, `https://${HOST}`);
  expect(open().registry.nameCall({ method, url, headers: {}, body: Buffer.alloc(0) })).toEqual({ operation, mutates });
});

describe('a platform that pulls', () => {
  const index = buildImage({ behaviour: { version: 'v8' }, platforms: ['linux/arm64', 'linux/amd64'] });

  test.each([
    ['a tag', ':v8'],
    ['a digest', `@${index.digest}`],
    ['both, of which the digest counts', `:v0@${index.digest}`],
  ])('by %s learns the behaviour, and the digest that the name stands for', (_name, suffix) => {
    const { registry } = open();
    registry.seed('a/b', 'v8', index);
    const pulled = registry.pull(`${HOST}/a/b${suffix}`);
    expect(pulled).toMatchObject({ digest: index.digest, behaviour: { version: 'v8', readyAfterMs: 2_000 } });
  });

  test('gets nothing for a tag, repository or host that is not there, for another platform, or with a layer missing', () => {
    const { registry } = open();
    registry.seed('a/b', 'v8', index);
    const arm = buildImage({ behaviour: {}, platforms: ['linux/arm64'] });
    registry.seed('a/arm', 'v8', arm);
    const layer = JSON.parse(index.manifests[1]!.bytes.toString()).layers[0].digest;
    registry.seed('a/broken', 'v8', { ...index, blobs: index.blobs.filter(({ digest }) => digest !== layer) });
    registry.seed('a/empty', 'v8', { ...index, blobs: [] });
    for (const name of [`${HOST}/a/b:v9`, `${HOST}/c/d:v8`, 'other.example/a/b:v8', 'a/b:v8']) {
      expect(registry.pull(name)).toBeNull();
    }
    expect(registry.pull(`${HOST}/a/arm:v8`)).toBeNull();
    expect(registry.pull(`${HOST}/a/arm:v8`, 'linux/arm64')).not.toBeNull();
    expect(registry.pull(`${HOST}/a/broken:v8`)).toBeNull();
    expect(registry.pull(`${HOST}/a/empty:v8`)).toBeNull();
  });
});

describe('an image', () => {
  test('is the same byte for byte for the same options, and shares its layers with the next version', () => {
    expect(buildImage({ behaviour: { version: 'v7' } })).toEqual(image);
    const next = buildImage({ behaviour: { version: 'v8' } });
    expect(next.digest).not.toBe(image.digest);
    expect(next.blobs.slice(1)).toEqual(image.blobs.slice(1));
    expect(buildImage({ behaviour: {}, seed: 'other' }).blobs[1]).not.toEqual(image.blobs[1]);
  });

  test('has layers that are gzipped, with the digests of their content in its config', () => {
    const config = JSON.parse(image.blobs[0]!.bytes.toString());
    const contents = image.blobs.slice(1).map(({ bytes }) => sha256(gunzipSync(bytes)));
    expect(config.rootfs.diff_ids).toEqual(contents);
  });

  test('has zstd layers if it is asked for, and one with no file in it', () => {
    const built = buildImage({ behaviour: {}, compression: 'zstd', layerBytes: 300_000, emptyLayer: true });
    const config = JSON.parse(built.blobs[0]!.bytes.toString());
    const contents = built.blobs.slice(1).map(({ bytes }) => zstdDecompressSync(bytes));
    expect(config.rootfs.diff_ids).toEqual(contents.map(sha256));
    expect(contents.at(-1)).toEqual(Buffer.alloc(1024));
    const { layers } = JSON.parse(topOf(built).bytes.toString());
    expect(layers).toHaveLength(3);
    expect(layers[0].mediaType).toBe('application/vnd.oci.image.layer.v1.tar+zstd');
  });

  test('for several platforms has one attestation, which belongs to none', () => {
    const index = JSON.parse(
      topOf(buildImage({ behaviour: {}, platforms: ['linux/amd64', 'linux/arm/v7'] })).bytes.toString(),
    );
    expect(index.manifests.map(({ platform }: { platform: unknown }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm', os: 'linux', variant: 'v7' },
      { architecture: 'unknown', os: 'unknown' },
    ]);
  });

  test('without an index gets one manifest whatever it is built for, and can not run it', () => {
    const { registry } = open();
    registry.seed('a/b', 'arm', buildImage({ behaviour: { version: 'v9' }, platform: 'linux/arm64' }));
    expect(registry.pull(`${HOST}/a/b:arm`, 'linux/arm64')?.behaviour).toMatchObject({ version: 'v9', crash: null });
    expect(registry.pull(`${HOST}/a/b:arm`)?.behaviour.crash?.logs[0]).toContain('exec format error');
  });
});
