import { afterEach, expect, test } from '@jest/globals';
import { buildImage, type OciImage } from '../../../simulators/images.ts';
import { fixedKeychain } from '../../../src/registry/fixed-keychain.ts';
import { copy, failureOf, held, type Opened, openPair } from './copy-world.ts';
import { cutDownloads, cutUploads } from './cut-connections.ts';
import { closeServers, manualClock, openClient } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: { version: 'v1' }, layers: 3, layerBytes: 2_000_000 });
const other = buildImage({ behaviour: { version: 'v0' } });
const many = buildImage({ behaviour: {}, layers: 12 });
const layer = image.blobs[1]!;
const bearer = { kind: 'bearer', users: { robot: 'correct horse' }, anonymousPull: false } as const;

type Pair = { readonly source: Opened; readonly destination: Opened };
const between = ({ source, destination }: Pair) => ({ from: source.served, to: destination.served });
const sizeOf = ({ blobs }: OciImage): number => blobs.reduce((sum, { bytes }) => sum + bytes.length, 0);
const login = ({ served }: Opened) => fixedKeychain(served.registry, { username: 'robot', password: 'correct horse' });

function expectArrived({ source, destination }: Pair): void {
  expect(held(destination)).toEqual(held(source, 'acme/agent'));
}

function expectNothingTagged({ destination }: Pair): void {
  expect(held(destination)?.manifests ?? []).toEqual([]);
  expect(held(destination)?.tags ?? {}).toEqual({});
}

async function cutSource(fraction: number): Promise<void> {
  const pair = await openPair(image);
  const traffic = cutDownloads(pair.source.served, image, fraction);
  const { statistics } = await copy(openClient(), image, between(pair));
  expectArrived(pair);
  expect(traffic.cuts).toBe(image.blobs.length);
  expect(traffic.bytes).toBeLessThanOrEqual(sizeOf(image) * 1.6);
  expect(pair.destination.served.count('registry:PUT upload')).toBe(image.blobs.length);
  expect(statistics.copiedBytes).toBe(sizeOf(image));
  expect(statistics.durationMs).toBeLessThan(5_000);
}

async function cutDestination(fraction: number): Promise<void> {
  const pair = await openPair(image);
  const traffic = cutUploads(pair.destination.served, fraction);
  const { statistics } = await copy(openClient(), image, between(pair));
  expectArrived(pair);
  expect(traffic.cuts).toBe(image.blobs.length);
  // One chunk more than the part may have been read before the cut.
  expect(traffic.bytes).toBeLessThanOrEqual(sizeOf(image) * (1.1 + fraction));
  expect(statistics.durationMs).toBeLessThan(5_000);
}

const ROWS: readonly (readonly [string, () => Promise<void>])[] = [
  ['source connection lost at 10 % of each layer', () => cutSource(0.1)],
  ['source connection lost at 50 % of each layer', () => cutSource(0.5)],
  ['source connection lost at 99 % of each layer', () => cutSource(0.99)],
  ['destination connection lost at 10 % of each layer', () => cutDestination(0.1)],
  ['destination connection lost at 50 % of each layer', () => cutDestination(0.5)],
  ['destination connection lost at 99 % of each layer', () => cutDestination(0.99)],
  [
    'token expired during an upload',
    async () => {
      const clock = manualClock();
      const pair = await openPair(image, { destination: { auth: { ...bearer, tokenLifetimeMs: 60_000 }, clock } });
      const refused = new Set<string>();
      pair.destination.served.intercept = (request) => {
        const digest = new URL(request.url ?? '', 'http://x').searchParams.get('digest');
        if (request.method !== 'PUT' || digest !== layer.digest || refused.has(digest)) return false;
        refused.add(digest);
        clock.advance(61_000);
        return false;
      };
      await copy(openClient({ clock, keychain: login(pair.destination) }), image, between(pair));
      expect(refused.size).toBe(1);
      expectArrived(pair);
    },
  ],
  [
    '429 storm with Retry-After',
    async () => {
      const clock = manualClock();
      const pair = await openPair(many);
      let posts = 0;
      const manifests = new Set<string>();
      pair.destination.served.intercept = (request, response) => {
        const url = request.url ?? '';
        const isPost = request.method === 'POST' && ++posts <= many.blobs.length * 2;
        const isFirstPut = request.method === 'PUT' && url.includes('/manifests/') && !manifests.has(url);
        if (isFirstPut) manifests.add(url);
        if (isPost || isFirstPut) response.writeHead(429, { 'retry-after': '3' }).end();
        return isPost || isFirstPut;
      };
      await copy(openClient({ clock }), many, between(pair));
      expectArrived(pair);
      expect(Math.max(...clock.sleeps)).toBe(3_000);
    },
  ],
  [
    'wrong digest from the source',
    async () => {
      const pair = await openPair(image);
      const wrong = Buffer.from(layer.bytes);
      wrong[wrong.length - 1]! ^= 1;
      pair.source.served.intercept = (request, response) => {
        if (!request.url?.endsWith(layer.digest)) return false;
        response.writeHead(200, { 'content-length': String(wrong.length) }).end(wrong);
        return true;
      };
      const failure = await failureOf(copy(openClient(), image, between(pair)));
      expect(failure.code).toBe('IMAGE_INVALID');
      expect(held(pair.destination)?.blobs ?? []).not.toContain(layer.digest);
      expectNothingTagged(pair);
    },
  ],
  [
    'manifest cut on the way',
    async () => {
      const pair = await openPair(image);
      let isCut = false;
      pair.source.served.intercept = (request, response) => {
        if (isCut || !request.url?.includes('/manifests/')) return false;
        isCut = true;
        const { bytes, mediaType } = image.manifests[0]!;
        response.writeHead(200, { 'content-type': mediaType, 'content-length': String(bytes.length) });
        response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
        return true;
      };
      await copy(openClient(), image, between(pair));
      expect(isCut).toBe(true);
      expectArrived(pair);
    },
  ],
  [
    'truncated manifest',
    async () => {
      const pair = await openPair(image);
      pair.source.served.intercept = (request, response) => {
        if (!request.url?.includes('/manifests/')) return false;
        const { bytes, mediaType } = image.manifests[0]!;
        response.writeHead(200, { 'content-type': mediaType }).end(bytes.subarray(0, bytes.length / 2));
        return true;
      };
      const failure = await failureOf(copy(openClient(), image, between(pair)));
      expect(failure.code).toBe('IMAGE_INVALID');
      expectNothingTagged(pair);
    },
  ],
  [
    'redirect to another host that refuses credentials',
    async () => {
      const pair = await openPair(image, { source: { auth: bearer, redirectBlobsTo: 'localhost' } });
      cutDownloadsOfStorage(pair.source);
      await copy(openClient({ keychain: login(pair.source) }), image, between(pair));
      const storage = pair.source.served.seen.filter(({ operation }) => operation === 'registry:GET storage');
      expect(storage.length).toBeGreaterThan(image.blobs.length);
      expect(storage.filter(({ authorization }) => authorization !== null)).toEqual([]);
      expectArrived(pair);
    },
  ],
  [
    'immutable tag with the same digest',
    async () => {
      const pair = await openPair(image, { destination: { immutableTags: true } });
      pair.destination.registry.seed('prod/agent', 'v1', image);
      const { statistics } = await copy(openClient(), image, between(pair));
      expect(statistics.copiedBlobs).toBe(0);
      expect(pair.destination.served.count('registry:PUT manifest')).toBe(0);
    },
  ],
  [
    'immutable tag with another digest',
    async () => {
      const pair = await openPair(image, { destination: { immutableTags: true } });
      pair.destination.registry.seed('prod/agent', 'v1', other);
      const failure = await failureOf(copy(openClient(), image, between(pair)));
      expect(failure.code).toBe('TAG_IMMUTABLE');
      expect(held(pair.destination)?.tags).toEqual({ v1: other.digest });
    },
  ],
  [
    'destination repository missing',
    async () => {
      const pair = await openPair(image, { destination: { createOnPush: false } });
      const failure = await failureOf(copy(openClient(), image, between(pair)));
      expect(failure.code).toBe('NOT_FOUND');
      expect(failure.hint).toContain('Create the repository');
      expect(pair.destination.served.count('registry:PUT upload')).toBe(0);
    },
  ],
  [
    'two copies of the same image at once',
    async () => {
      const pair = await openPair(image, { destination: { immutableTags: true } });
      const copies = [openClient(), openClient()].map((client) => copy(client, image, between(pair)));
      const results = await Promise.all(copies);
      expect(results.map((result) => result.image.digest)).toEqual([image.digest, image.digest]);
      expectArrived(pair);
    },
  ],
];

test.each(ROWS)('%s', async (name, run) => {
  await run();
  process.stdout.write(`${name}: ok\n`);
});

/** Whoever resumes goes through the redirect again, to a fresh address. */
function cutDownloadsOfStorage({ served }: Opened): void {
  let isCut = false;
  served.intercept = (request, response) => {
    if (isCut || !request.url?.includes(`/storage/${layer.digest}`)) return false;
    isCut = true;
    response.writeHead(200, { 'content-length': String(layer.bytes.length) });
    response.write(layer.bytes.subarray(0, 500_000), () => request.socket.destroy());
    return true;
  };
}
