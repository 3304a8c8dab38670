import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage, buildReferrer, type OciImage } from '../../../simulators/images.ts';
import type { Digest } from '../../../src/model/image.ts';
import { formatPlatform, parsePlatform } from '../../../src/model/platform.ts';
import { copyImage } from '../../../src/registry/copy-image.ts';
import { selectPlatforms } from '../../../src/registry/select-platforms.ts';
import { failureOf, held, openPair } from './copy-world.ts';
import { closeServers, openClient } from './world.ts';

afterEach(closeServers);

const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'windows/amd64'];
const image = buildImage({ behaviour: { version: 'v1' }, platforms });
const childOf = (platform: string) => image.manifests[platforms.indexOf(platform)]!;
const attestation = image.manifests[platforms.length]!;

async function select(of: OciImage, wanted: readonly string[], withReferrers = false) {
  const pair = await openPair(of);
  const source = {
    registry: pair.source.served.registry,
    repository: 'acme/agent',
    tag: 'v1',
    digest: of.digest as Digest,
  };
  const part = await selectPlatforms(openClient(), source, wanted.map(parsePlatform));
  const destination = { registry: pair.destination.served.registry, repository: 'prod/agent', tags: ['v1'] };
  const copy = () => copyImage(openClient(), { source, destination, withReferrers, ...(part ? { part } : {}) });
  return { ...pair, part, copy };
}

describe('a part of an image', () => {
  test('of one platform is its manifest alone, under its own digest', async () => {
    const { part, copy, destination } = await select(image, ['linux/arm64']);
    const child = childOf('linux/arm64');
    expect(part).toMatchObject({ platforms: ['linux/arm64'], top: { digest: child.digest, bytes: child.bytes } });
    const { image: copied, statistics } = await copy();
    expect(copied.digest).toBe(child.digest);
    expect(statistics).toMatchObject({ platforms: ['linux/arm64'], copiedBlobs: 3 });
    expect(statistics.source).toContain(image.digest);
    expect(held(destination)).toMatchObject({ tags: { v1: child.digest }, manifests: [child.digest] });
  });

  test('of several is an index of these, with the attestations of these', async () => {
    const { part, copy, destination } = await select(image, ['linux/amd64', 'linux/arm']);
    expect(part?.platforms).toEqual(['linux/amd64', 'linux/arm/v7']);
    await copy();
    const there = [childOf('linux/amd64'), childOf('linux/arm/v7'), attestation].map(({ digest }) => digest);
    expect(held(destination)?.manifests).toEqual([...there, part!.top.digest].sort());
    expect(held(destination)?.tags).toEqual({ v1: part!.top.digest });
    const { registry, served } = destination;
    expect(registry.pull(`${served.registry}/prod/agent:v1`)?.behaviour.version).toBe('v1');
    expect(registry.pull(`${served.registry}/prod/agent:v1`, 'linux/arm64')).toBeNull();
    const original = JSON.parse(image.manifests.at(-1)!.bytes.toString()) as { manifests: unknown[] };
    const document = JSON.parse(part!.top.bytes.toString()) as { manifests: unknown[] };
    expect(document).toEqual({ ...original, manifests: [0, 2, 4].map((index) => original.manifests[index]) });
  });

  test('leaves out the attestations of others', async () => {
    const { part } = await select(image, ['linux/arm64', 'windows/amd64']);
    expect(part?.top.children.map(({ digest }) => digest)).toEqual(
      [childOf('linux/arm64'), childOf('windows/amd64')].map(({ digest }) => digest),
    );
  });

  test('has the same digest every time, so that a second copy writes nothing', async () => {
    const { copy, destination } = await select(image, ['linux/amd64', 'linux/arm64']);
    await copy();
    const before = destination.served.count('registry:PUT manifest');
    await copy();
    expect(destination.served.count('registry:PUT manifest')).toBe(before);
  });

  test('brings what refers to its platforms, and not what refers to the whole', async () => {
    const { source, copy, destination } = await select(image, ['linux/amd64', 'linux/arm64'], true);
    const ofWhole = buildReferrer(image, image.digest, 'application/spdx+json');
    const ofPart = buildReferrer(image, childOf('linux/arm64').digest, 'application/spdx+json');
    const ofOther = buildReferrer(image, childOf('windows/amd64').digest, 'application/spdx+json');
    for (const referrer of [ofWhole, ofPart, ofOther]) source.registry.seed('acme/agent', null, referrer);
    expect((await copy()).statistics.referrers).toEqual({ copied: 1, present: 0 });
    expect(held(destination)?.manifests).toContain(ofPart.digest);
  });
});

describe('the whole image, unchanged,', () => {
  test.each<[string, OciImage, readonly string[]]>([
    ['where every platform is wanted', image, platforms],
    ['where it has one platform only, which is wanted', buildImage({ behaviour: {} }), ['linux/amd64']],
  ])('%s', async (_, of, wanted) => {
    const { part, copy, source, destination } = await select(of, wanted);
    expect(part).toBeNull();
    expect((await copy()).statistics.platforms).toBeNull();
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
  });
});

test.each<[OciImage, readonly string[], string]>([
  [image, ['linux/amd64', 'linux/s390x'], 'could not copy linux/s390x of '],
  [image, ['linux/arm/v6'], `it is built for ${platforms.join(', ')}`],
  [buildImage({ behaviour: {} }), ['linux/arm64'], 'it is built for linux/amd64'],
])('a platform that the image is not built for is refused', async (of, wanted, why) => {
  const failure = await failureOf(select(of, wanted));
  expect(failure.code).toBe('UNSUPPORTED');
  expect(failure.message).toContain(why);
});

describe('the name of a platform', () => {
  test.each(['linux/amd64', 'linux/arm/v7', 'windows/amd64'])('%s', (text) => {
    expect(formatPlatform(parsePlatform(text))).toBe(text);
  });

  test.each(['', 'amd64', 'linux/', 'Linux/amd64', 'linux/arm/v7/x', 'linux amd64'])('%j is none', (text) => {
    expect(() => parsePlatform(text)).toThrow(`could not read "${text}": it is not a platform`);
  });
});
