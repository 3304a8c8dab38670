import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage, type OciImage } from '../../../simulators/images.ts';
import type { DeployError } from '../../../src/model/errors.ts';
import { parseManifest } from '../../../src/registry/manifest.ts';
import { copy, failureOf, openPair } from './copy-world.ts';
import { closeServers, openClient } from './world.ts';

afterEach(closeServers);

const OCI = 'application/vnd.oci.image.manifest.v1+json';
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'a'.repeat(64)}`, size: 2 };
const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json' };
const image = { schemaVersion: 2, mediaType: OCI, config, layers: [] };

function parse(document: unknown, contentType = OCI) {
  return parseManifest(
    Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
    contentType,
    'x',
  );
}

function refusal(document: unknown, contentType?: string): DeployError {
  try {
    parse(document, contentType);
  } catch (error) {
    return error as DeployError;
  }
  throw new Error('it was accepted');
}

describe('a manifest', () => {
  test.each([
    [
      'without a type in its text takes that of the response',
      { ...image, mediaType: undefined },
      `${OCI}; charset=utf-8`,
    ],
    ['that is served as text has the type that its text says', image, 'text/plain'],
    ['that says no type anywhere is what its content shows', { ...image, mediaType: undefined }, 'application/json'],
  ])('%s', (_name, document, contentType) => {
    expect(parse(document, contentType)).toMatchObject({ mediaType: OCI, blobs: [config], children: [] });
  });

  test.each([
    ['is not JSON', '<html>', 'not JSON'],
    ['is JSON but nothing else', 'null', 'not valid'],
    ['has no config', { ...image, config: undefined }, 'no config'],
    ['is an image and an index at once', { ...image, manifests: [] }, 'at once'],
    ['has a type that is not its content', { ...image, mediaType: 'application/vnd.oci.image.index.v1+json' }, 'type'],
    ['has an unknown type', { ...image, mediaType: 'application/zip' }, 'application/zip'],
    ['has a digest that is none', { ...image, config: { ...config, digest: 'sha256:../../x' } }, 'sha256:<64'],
    ['has a negative size', { ...image, config: { ...config, size: -1 } }, 'config.size'],
    ['has more layers than any image', { ...image, layers: Array(1_001).fill(config) }, 'layers'],
    ['names children that are no images', { ...index, manifests: [{ ...config, mediaType: 'a/b' }] }, 'a/b'],
  ])('that %s is refused', (_name, document, why) => {
    const failure = refusal(document);
    expect(failure.code).toBe('IMAGE_INVALID');
    expect(failure.message).toContain(why);
  });

  test.each([
    ['by its version', { schemaVersion: 1, fsLayers: [] }, 'application/json'],
    ['by its type', image, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
  ])('of schema 1 is refused with a hint, known %s', (_name, document, contentType) => {
    const failure = refusal(document, contentType);
    expect(failure.message).toContain('schema 1');
    expect(failure.hint).toContain('buildx');
  });
});

describe('a registry', () => {
  const good = buildImage({ behaviour: {} });

  test.each([
    ['says how long it is', true],
    ['does not say how long it is', false],
  ])('that sends a manifest over the cap is not read to its end when it %s', async (_name, announced) => {
    const { source, destination } = await openPair(good);
    source.served.intercept = (request, response) => {
      if (request.method !== 'GET' || !request.url?.includes('/manifests/')) return false;
      const bytes = Buffer.alloc(4 * 1024 * 1024 + 1, ' ');
      response.writeHead(200, announced ? { 'content-length': String(bytes.length) } : {}).write(bytes);
      response.end();
      return true;
    };
    const failure = await failureOf(copy(openClient(), good, { from: source.served, to: destination.served }));
    expect(failure.message).toMatch(/larger than 4 MiB|longer than 4194304 bytes/);
    expect(destination.registry.snapshot().repositories).toEqual({});
  });

  test('that sends another manifest than the one asked for is not believed', async () => {
    const other = buildImage({ behaviour: { version: 'v0' } });
    const { source, destination } = await openPair(good);
    source.served.intercept = (request, response) => {
      if (request.method !== 'GET' || !request.url?.includes('/manifests/')) return false;
      response.writeHead(200, { 'docker-content-digest': good.digest }).end(other.manifests[0]!.bytes);
      return true;
    };
    const failure = await failureOf(copy(openClient(), good, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('IMAGE_INVALID');
  });

  test('with an index inside an index inside an index … is refused at a depth', async () => {
    const deep = nest(good, 5);
    const { source, destination } = await openPair(deep);
    const failure = await failureOf(copy(openClient(), deep, { from: source.served, to: destination.served }));
    expect(failure.message).toContain('deeper than 4 levels');
  });

  test('with an index inside an index is copied whole', async () => {
    const nested = nest(good, 2);
    const { source, destination } = await openPair(nested);
    await copy(openClient(), nested, { from: source.served, to: destination.served });
    expect(destination.registry.snapshot().repositories['prod/agent']?.manifests).toHaveLength(3);
  });
});

function nest(inner: OciImage, levels: number): OciImage {
  if (levels === 0) return inner;
  const child = inner.manifests.find(({ digest }) => digest === inner.digest)!;
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const entry = { mediaType: child.mediaType, digest: child.digest, size: child.bytes.length };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [entry] }));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return nest(
    { digest, manifests: [...inner.manifests, { digest, mediaType, bytes }], blobs: inner.blobs },
    levels - 1,
  );
}
