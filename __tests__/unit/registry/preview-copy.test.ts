import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import type { Digest } from '../../../src/model/image.ts';
import type { Keychain } from '../../../src/model/keychain.ts';
import { openRegistryClient } from '../../../src/registry/client.ts';
import { previewCopy } from '../../../src/registry/preview-copy.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { failureOf, type Opened, openPair } from './copy-world.ts';
import { closeServers, openClient } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: {}, platforms: ['linux/amd64', 'linux/arm64'] });
const digest = image.digest as Digest;
const route = ({ source, destination }: { source: Opened; destination: Opened }) => ({
  source: { registry: source.served.registry, repository: 'acme/agent', tag: 'v1', digest },
  destination: { registry: destination.served.registry, repository: 'prod/agent', tags: ['v1'] },
});
const writes = ({ served }: Opened) => served.seen.filter(({ operation }) => !/:(?:GET|HEAD) /.test(operation));

describe('the forecast of a copy', () => {
  test('counts what is missing, and sends nothing', async () => {
    const pair = await openPair(image);
    const forecast = await previewCopy(openClient(), route(pair));
    const bytes = image.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
    expect(forecast).toMatchObject({
      isThere: false,
      missingBlobs: image.blobs.length,
      missingBytes: bytes,
      presentBlobs: 0,
    });
    expect(forecast.tags).toEqual([{ name: 'v1', now: null }]);
    expect([...writes(pair.source), ...writes(pair.destination)]).toEqual([]);
  });

  test('leaves out what the destination has', async () => {
    const pair = await openPair(image);
    const half = { ...image, blobs: image.blobs.slice(0, 3), manifests: [] };
    pair.destination.registry.seed('prod/agent', null, half);
    const forecast = await previewCopy(openClient(), route(pair));
    expect(forecast).toMatchObject({ missingBlobs: image.blobs.length - 3, presentBlobs: 3 });
  });

  test('of an image that is there is nothing, and shows what the tag names', async () => {
    const pair = await openPair(image);
    pair.destination.registry.seed('prod/agent', 'v1', image);
    const forecast = await previewCopy(openClient(), route(pair));
    expect(forecast).toMatchObject({ isThere: true, missingBlobs: 0, tags: [{ name: 'v1', now: digest }] });
  });
});

test('a destination that is known to take no push without a login is a refusal where there is none', async () => {
  const pair = await openPair(image);
  const permissions = { pull: 'pull it', push: 'push it' };
  const traits = () => ({ permissions, createsRepositories: true, pushNeedsLogin: true });
  const client = (known: { readonly username: string; readonly password: string } | null) =>
    openRegistryClient({ ...fakeIo(), keychains: [{ label: 'a cloud', resolve: async () => known, traits }] });
  expect(await failureOf(previewCopy(client(null), route(pair)))).toMatchObject({
    code: 'AUTH_FAILED',
    message: expect.stringContaining('there are no credentials for it'),
    hint: expect.stringContaining('The credentials need push it.'),
  });
  expect(await previewCopy(client({ username: 'a', password: 'b' }), route(pair))).toMatchObject({ isThere: false });
});

describe('a destination repository that does not exist', () => {
  const clientThatKnows = (createsRepositories: boolean) => {
    const permissions = { pull: 'pull it', push: 'push it' };
    const traits = () => ({ permissions, createsRepositories });
    const keychain: Keychain = { label: 'a cloud', resolve: async () => null, traits };
    return openRegistryClient({ ...fakeIo(), keychains: [keychain] });
  };

  test('is a refusal where the registry makes none at a push', async () => {
    const pair = await openPair(image, { destination: { createOnPush: false } });
    const failure = await failureOf(previewCopy(clientThatKnows(false), route(pair)));
    expect(failure).toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('Create the repository') });
    expect(failure.message).toContain(
      `could not push to ${pair.destination.served.registry}/prod/agent: 404 NAME_UNKNOWN`,
    );
  });

  test.each([
    ['makes one at the first push', clientThatKnows(true)],
    ['says nothing of that', openClient()],
  ])('is no refusal where the registry %s', async (_, client) => {
    const pair = await openPair(image);
    expect(await previewCopy(client, route(pair))).toMatchObject({ isThere: false });
  });
});
