import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import type { Digest } from '../../../src/model/image.ts';
import { findDigest } from '../../../src/registry/manifest-transfer.ts';
import { pullScopes } from '../../../src/registry/repository.ts';
import { resolveImage } from '../../../src/registry/resolve-image.ts';
import { copy, failureOf, held, openPair } from './copy-world.ts';
import { closeServers, openClient, type ServedHost } from './world.ts';

afterEach(closeServers);

const index = buildImage({ behaviour: { version: 'v1' }, platforms: ['linux/amd64', 'linux/arm64'] });
const planted = buildImage({ behaviour: { version: 'planted' } }).manifests[0]!;
const SENT_ELSEWHERE = 'the registry sent something else';

/** Sends the planted manifest, a whole and valid one, for each request whose path ends so. */
function plantAt(served: ServedHost, ending: string, digestHeader: string | null): void {
  served.intercept = ({ method, url = '' }, response) => {
    if (!url.endsWith(ending)) return false;
    response.writeHead(200, {
      'content-type': planted.mediaType,
      ...(digestHeader === null ? {} : { 'docker-content-digest': digestHeader }),
    });
    response.end(method === 'HEAD' ? undefined : planted.bytes);
    return true;
  };
}

describe('a child of an index that is not what the index says is refused', () => {
  const child = index.manifests.find(({ digest }) => digest !== index.digest)!.digest;

  test.each([
    ['without a digest', null],
    ['under the digest that was requested', child],
    ['under its own digest', planted.digest],
  ])('%s', async (_, header) => {
    const { source, destination } = await openPair(index);
    plantAt(source.served, `/manifests/${child}`, header);
    const failure = await failureOf(copy(openClient(), index, { from: source.served, to: destination.served }));
    expect(failure).toMatchObject({ code: 'IMAGE_INVALID', message: expect.stringContaining(SENT_ELSEWHERE) });
    expect(failure.message).toContain(child);
    expect(held(destination)?.tags ?? {}).toEqual({});
    expect(held(destination)?.manifests ?? []).not.toContain(planted.digest);
  });
});

describe('a manifest whose header names another digest than its bytes have is refused', () => {
  test('for a tag', async () => {
    const { source } = await openPair(index);
    plantAt(source.served, '/manifests/v1', index.digest);
    const name = { registry: source.served.registry, repository: 'acme/agent', tag: 'v1', digest: null };
    const failure = await failureOf(resolveImage(openClient(), name));
    expect(failure).toMatchObject({ code: 'IMAGE_INVALID', message: expect.stringContaining(SENT_ELSEWHERE) });
  });

  test('a tag without such a header is what its bytes are', async () => {
    const { source } = await openPair(index);
    plantAt(source.served, '/manifests/v1', null);
    const at = { registry: source.served.registry, repository: 'acme/agent' };
    const digest = await findDigest(openClient(), { ...at, reference: 'v1', scopes: pullScopes(at) });
    expect(digest).toBe(`sha256:${createHash('sha256').update(planted.bytes).digest('hex')}` as Digest);
  });
});

test('a registry that stores what was pushed under another digest is refused', async () => {
  const { source, destination } = await openPair(index);
  const other = `sha256:${'0'.repeat(64)}`;
  destination.served.intercept = ({ method, url = '' }, response) => {
    if (method !== 'PUT' || !url.includes('/manifests/')) return false;
    response.writeHead(201, { 'docker-content-digest': other }).end();
    return true;
  };
  const failure = await failureOf(copy(openClient(), index, { from: source.served, to: destination.served }));
  expect(failure).toMatchObject({ code: 'REGISTRY_FAILED', message: expect.stringContaining(other) });
});
