import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { findTraits, verifiesBlobs } from '../../../src/registry/known-registries.ts';
import { copy, failureOf, held, openCopier, openPair } from './copy-world.ts';
import { closeServers, type Intercept, manualClock, openClient } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: {}, layers: 1, layerBytes: 300_000 });
const layer = image.blobs[1]!;

/** One byte of the layer is another, the first `times` that it is read. */
function damage(times: number): Intercept {
  const bytes = Buffer.from(layer.bytes);
  bytes[1_000]! ^= 1;
  let left = times;
  return ({ method, url = '' }, response) => {
    if (method !== 'GET' || !url.endsWith(layer.digest) || left === 0) return false;
    left -= 1;
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    return true;
  };
}

describe('a layer that is damaged at the source', () => {
  test.each([true, false])('is refused with the same words; by a destination that verifies: %s', async (verifies) => {
    const { source, destination } = await openPair(image);
    source.served.intercept = damage(Infinity);
    const failure = await failureOf(copy(openCopier(verifies), image, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('IMAGE_INVALID');
    expect(failure.message).toContain(`could not copy blob ${layer.digest} from ${source.served.registry}/acme/agent`);
    expect(failure.message).toContain('its content has the digest sha256:');
    expect(failure.hint).toContain('The source registry serves a damaged image');
    expect(held(destination)?.blobs ?? []).not.toContain(layer.digest);
    // The whole of it went only to the registry that finds it by itself.
    expect(destination.served.seen.some(({ operation, completed }) => completed && /PUT upload/.test(operation))).toBe(
      verifies,
    );
  });

  test('and is refused in other words is not taken for one that is too long', async () => {
    const { source, destination } = await openPair(image);
    source.served.intercept = damage(Infinity);
    destination.served.intercept = (request, response) => {
      if (request.method !== 'PUT' || !request.url?.includes('/uploads/')) return false;
      request.resume().on('end', () => response.writeHead(400).end('no'));
      return true;
    };
    const failure = await failureOf(copy(openCopier(true), image, { from: source.served, to: destination.served }));
    expect(failure.code).not.toBe('NETWORK');
    expect(destination.served.seen.filter(({ operation }) => /PATCH/.test(operation))).toEqual([]);
  });

  test('once only is copied all the same', async () => {
    const { source, destination } = await openPair(image);
    source.served.intercept = damage(1);
    await copy(openCopier(true), image, { from: source.served, to: destination.served });
    expect(held(destination)!.blobs).toContain(layer.digest);
  });
});

test('a registry that takes anything gets only what was hashed here', async () => {
  const { source, destination } = await openPair(image);
  source.served.intercept = damage(Infinity);
  destination.served.intercept = (request, response) => {
    if (request.method !== 'PUT' || !request.url?.includes('/uploads/')) return false;
    request.resume().on('end', () => response.writeHead(201).end());
    return true;
  };
  const failure = await failureOf(copy(openClient(), image, { from: source.served, to: destination.served }));
  expect(failure.code).toBe('IMAGE_INVALID');
});

test('a registry that takes a blob before it came is asked whether it has it', async () => {
  const large = buildImage({ behaviour: {}, layers: 1, layerBytes: 20_000_000 });
  const { digest } = large.blobs[1]!;
  const { source, destination } = await openPair(large);
  let asked = 0;
  destination.served.intercept = ({ method, url = '' }, response) => {
    const isOfLayer = decodeURIComponent(url).endsWith(digest);
    if (method === 'HEAD' && isOfLayer) asked += 1;
    if (method !== 'PUT' || !isOfLayer || asked > 1) return false;
    response.writeHead(201).end();
    return true;
  };
  await copy(openClient({ clock: manualClock() }), large, { from: source.served, to: destination.served });
  expect(asked).toBeGreaterThan(1);
  expect(held(destination)!.blobs).toContain(digest);
});

test.each([
  ['ghcr.io', true],
  ['docker.io', true],
  ['index.docker.io', true],
  ['registry.example', false],
  ['ghcr.io.example', false],
  ['quay.io', false],
])('what is known of %s: it verifies blobs: %s', (registry, expected) => {
  expect(verifiesBlobs(registry, findTraits(registry, []))).toBe(expected);
});
