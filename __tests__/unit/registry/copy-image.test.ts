import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { copy, failureOf, held, openPair, openRegistry, withManifest } from './copy-world.ts';
import { closeServers, memoryLog, openClient } from './world.ts';

afterEach(closeServers);

const single = buildImage({ behaviour: { version: 'v1' } });
const multi = buildImage({ behaviour: { version: 'v1' }, platforms: ['linux/amd64', 'linux/arm64'] });

describe('what arrives', () => {
  test('an image has the same digest and the same content at the destination', async () => {
    const { source, destination } = await openPair(single);
    const { image, statistics } = await copy(openClient(), single, { from: source.served, to: destination.served });
    expect(image).toEqual({
      registry: destination.served.registry,
      repository: 'prod/agent',
      tag: 'v1',
      digest: single.digest,
    });
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
    const bytes = single.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
    expect(statistics).toMatchObject({ copiedBlobs: 3, copiedBytes: bytes, mountedBlobs: 0, skippedBlobs: 0 });
  });

  test('an index arrives with all its platforms and its attestation', async () => {
    const { source, destination } = await openPair(multi);
    await copy(openClient(), multi, { from: source.served, to: destination.served });
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
    expect(held(destination)?.manifests).toHaveLength(4);
    expect(destination.registry.pull(`${destination.served.registry}/prod/agent@${multi.digest}`)).not.toBeNull();
  });

  test('without a tag the image is stored by digest only', async () => {
    const { source, destination } = await openPair(multi);
    const { image } = await copy(openClient(), multi, { from: source.served, to: destination.served, tags: [] });
    expect(image.tag).toBeNull();
    expect(held(destination)?.tags).toEqual({});
    expect(held(destination)?.manifests).toContain(multi.digest);
  });

  test('each of several tags names it, and one that does already is not written again', async () => {
    const { source, destination } = await openPair(single);
    destination.registry.seed('prod/agent', 'live', single);
    const log = memoryLog();
    const route = { from: source.served, to: destination.served, tags: ['v1', 'live', 'latest'] };
    const { image } = await copy(openClient({ log }), single, route);
    expect(image.tag).toBe('v1');
    expect(held(destination)?.tags).toEqual({ v1: single.digest, live: single.digest, latest: single.digest });
    expect(destination.served.count('registry:PUT manifest')).toBe(2);
    expect(log.lines.at(-1)).toContain('prod/agent:v1, live, latest: the image was already present');
  });

  test('an immutable tag among several is fine where it names the same, and else the failure names it', async () => {
    const { source, destination } = await openPair(single, { destination: { immutableTags: true } });
    const other = buildImage({ behaviour: { version: 'v0' } });
    destination.registry.seed('prod/agent', 'v1', single);
    const route = { from: source.served, to: destination.served };
    await copy(openClient(), single, { ...route, tags: ['v1', 'new'] });
    expect(held(destination)?.tags).toMatchObject({ new: single.digest });
    destination.registry.seed('prod/agent', 'latest', other);
    const failure = await failureOf(copy(openClient(), single, { ...route, tags: ['v2', 'latest'] }));
    expect(failure.code).toBe('TAG_IMMUTABLE');
    expect(failure.message).toContain(`prod/agent:latest: the tag is immutable and names ${other.digest}`);
    expect(held(destination)?.tags['latest']).toBe(other.digest);
  });

  test('a layer that lives elsewhere is left out, and the manifest still names it', async () => {
    const layer = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      digest: `sha256:${'f'.repeat(64)}`,
      size: 1,
      urls: ['https://example.com/layer'],
    };
    const image = withManifest(single, (manifest) => ({ ...manifest, layers: [...manifest.layers, layer] }));
    const { source, destination } = await openPair(image);
    await copy(openClient(), image, { from: source.served, to: destination.served });
    expect(held(destination)?.manifests).toEqual([image.digest]);
    expect(held(destination)?.blobs).not.toContain(layer.digest);
  });

  test('the log says what is copied and what came of it, in two lines', async () => {
    const { source, destination } = await openPair(single);
    const log = memoryLog();
    await copy(openClient({ log }), single, { from: source.served, to: destination.served });
    expect(log.lines).toHaveLength(2);
    expect(log.lines[0]).toContain(`${destination.served.registry}/prod/agent: 3 blobs, `);
    expect(log.lines[1]).toContain('3 blobs copied');
  });
});

describe('what is not sent', () => {
  test('a blob that is already there is not sent again', async () => {
    const { source, destination } = await openPair(single);
    const newer = buildImage({ behaviour: { version: 'v2' } });
    source.registry.seed('acme/agent', 'v2', newer);
    await copy(openClient(), single, { from: source.served, to: destination.served });
    const { statistics } = await copy(openClient(), newer, { from: source.served, to: destination.served });
    expect(statistics).toMatchObject({ copiedBlobs: 1, skippedBlobs: 2 });
    expect(destination.served.count('registry:PUT upload')).toBe(3 + 1);
  });

  test('a tag that already names this digest costs no write', async () => {
    const { source, destination } = await openPair(multi);
    destination.registry.seed('prod/agent', 'v1', multi);
    const { statistics } = await copy(openClient(), multi, { from: source.served, to: destination.served });
    expect(statistics).toMatchObject({ copiedBlobs: 0, mountedBlobs: 0, skippedBlobs: 0 });
    expect(destination.served.seen.filter(({ url }) => url.pathname.includes('/blobs/'))).toEqual([]);
    expect(destination.served.count('registry:PUT manifest')).toBe(0);
  });

  test('a new tag in the same repository is one manifest and no blob', async () => {
    const { registry, served } = await openRegistry();
    registry.seed('acme/agent', 'v1', multi);
    await copy(openClient(), multi, { from: served, to: served, repository: 'acme/agent', tags: ['live'] });
    expect(registry.snapshot().repositories['acme/agent']?.tags).toEqual({ v1: multi.digest, live: multi.digest });
    expect(served.count('registry:PUT manifest')).toBe(1);
    expect(served.seen.filter(({ url }) => url.pathname.includes('/blobs/'))).toEqual([]);
  });

  test('what is there already costs one request', async () => {
    const { source, destination } = await openPair(multi);
    destination.registry.seed('prod/agent', 'v1', multi);
    await copy(openClient(), multi, { from: source.served, to: destination.served });
    expect(destination.served.seen.map(({ operation }) => operation)).toEqual(['registry:HEAD manifest']);
    expect(source.served.seen).toEqual([]);
  });

  test('a new tag in the same repository costs three requests', async () => {
    const { registry, served } = await openRegistry();
    registry.seed('acme/agent', 'v1', multi);
    await copy(openClient(), multi, { from: served, to: served, repository: 'acme/agent', tags: ['live'] });
    expect(served.seen.map(({ operation }) => operation).sort()).toEqual(
      ['GET', 'HEAD', 'PUT'].map((method) => `registry:${method} manifest`),
    );
  });

  test('an image that is there under another name costs one look at each blob, and its manifest', async () => {
    const { source, destination } = await openPair(single);
    destination.registry.seed('prod/agent', 'rc1', single);
    const { statistics } = await copy(openClient(), single, { from: source.served, to: destination.served });
    expect(statistics).toMatchObject({ copiedBlobs: 0, skippedBlobs: single.blobs.length });
    expect(destination.served.count('registry:HEAD blob')).toBe(single.blobs.length);
    expect(destination.served.count('registry:PUT manifest')).toBe(1);
    expect(held(destination)?.tags['v1']).toBe(single.digest);
  });

  test('each blob that is missing costs one look, one session, one download and one upload', async () => {
    const { source, destination } = await openPair(multi);
    await copy(openClient(), multi, { from: source.served, to: destination.served });
    const ofBlobs = [...source.served.seen, ...destination.served.seen].filter(({ url }) =>
      url.pathname.includes('/blobs/'),
    );
    expect(ofBlobs).toHaveLength(multi.blobs.length * 4);
  });

  test('within one registry blobs are mounted, not sent', async () => {
    const { registry, served } = await openRegistry();
    registry.seed('acme/agent', 'v1', multi);
    const { statistics } = await copy(openClient(), multi, { from: served, to: served });
    expect(statistics).toMatchObject({ copiedBlobs: 0, mountedBlobs: multi.blobs.length });
    expect(served.count('registry:PUT upload')).toBe(0);
    expect(registry.snapshot().repositories['prod/agent']?.tags).toEqual({ v1: multi.digest });
  });

  test('a mount that is answered with an upload session uses that session', async () => {
    const { registry, served } = await openRegistry({ mount: 'ignore' });
    registry.seed('acme/agent', 'v1', single);
    const { statistics } = await copy(openClient(), single, { from: served, to: served });
    expect(statistics).toMatchObject({ copiedBlobs: 3, mountedBlobs: 0 });
    expect(served.count('registry:POST upload')).toBe(3);
  });
});

describe('immutable tags', () => {
  test('the same digest under an immutable tag is a success', async () => {
    const { source, destination } = await openPair(single, { destination: { immutableTags: true } });
    destination.registry.seed('prod/agent', 'v1', single);
    await copy(openClient(), single, { from: source.served, to: destination.served });
    expect(destination.served.count('registry:PUT manifest')).toBe(0);
  });

  test('a tag that took the image although its answer was lost is a success', async () => {
    const { source, destination } = await openPair(single, { destination: { immutableTags: true } });
    let lost = false;
    destination.served.intercept = (request, response) => {
      if (lost || request.method !== 'PUT' || !request.url?.includes('/manifests/')) return false;
      lost = true;
      const end = response.end.bind(response);
      response.end = ((...args: Parameters<typeof end>) => {
        void args;
        request.socket.destroy();
        return response;
      }) as typeof response.end;
      return false;
    };
    await copy(openClient(), single, { from: source.served, to: destination.served });
    expect(destination.served.count('registry:PUT manifest')).toBe(2);
  });

  test('another digest under an immutable tag is refused, naming both', async () => {
    const other = buildImage({ behaviour: { version: 'v0' } });
    const { source, destination } = await openPair(single, { destination: { immutableTags: true } });
    destination.registry.seed('prod/agent', 'v1', other);
    const failure = await failureOf(copy(openClient(), single, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('TAG_IMMUTABLE');
    expect(failure.message).toContain(single.digest);
    expect(failure.message).toContain(other.digest);
    expect(failure.hint).toContain('new tag');
    expect(held(destination)?.tags).toEqual({ v1: other.digest });
  });
});
