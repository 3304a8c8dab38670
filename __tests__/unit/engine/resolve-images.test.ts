import { afterEach, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { resolveImages } from '../../../src/engine/resolve-images.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { openPair } from '../registry/copy-world.ts';
import { closeServers, openClient } from '../registry/world.ts';

afterEach(closeServers);

/** The registries to which connections are opened while v1 is pinned, and what is asked of the first by then. */
async function prepared(copyTo: (pair: { readonly from: string; readonly to: string }) => string | null) {
  const { source, destination } = await openPair(buildImage({ seed: 'v1', behaviour: {} }));
  const from = source.served.registry;
  const to = destination.served.registry;
  const seen: { registry: string; asked: number }[] = [];
  const client = {
    ...openClient(),
    prepare: (registry: string) => void seen.push({ registry, asked: source.served.count('registry:GET manifest') }),
  };
  const registry = copyTo({ from, to });
  const name = { registry: from, repository: 'acme/agent', tag: 'v1', digest: null };
  const wishes = { tags: [], platforms: [], copyReferrers: false };
  const wanted = {
    images: [{ container: null, name }],
    copyTo: registry === null ? null : { registry, repository: 'prod/agent' },
  };
  await resolveImages({ ...wanted, ...wishes }, client, fakeIo());
  return { seen, from, to, asked: source.served.count('registry:GET manifest') };
}

test('connections for a copy are opened before the image is looked for', async () => {
  const { seen, from, to, asked } = await prepared((pair) => pair.to);
  expect(seen).toEqual([from, to].map((registry) => ({ registry, asked: 0 })));
  expect(asked).toBe(1);
});

test('once where both ends are one registry', async () => {
  const { seen, from } = await prepared((pair) => pair.from);
  expect(seen.map(({ registry }) => registry)).toEqual([from]);
});

test('and none where nothing is copied', async () => {
  expect((await prepared(() => null)).seen).toEqual([]);
});
