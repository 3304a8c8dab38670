import { afterEach, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import type { Digest } from '../../../src/model/image.ts';
import { getManifest } from '../../../src/registry/manifest-transfer.ts';
import { pullScopes } from '../../../src/registry/repository.ts';
import { resolveImage } from '../../../src/registry/resolve-image.ts';
import { failureOf, openRegistry } from './copy-world.ts';
import { closeServers, openClient, type ServedHost } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: {} });
const digest = image.digest as Digest;

async function openSeeded() {
  const { registry, served } = await openRegistry();
  registry.seed('acme/agent', 'v1', image);
  return served;
}

const nameIn = (served: ServedHost, tag: string | null, given: Digest | null = null) => ({
  registry: served.registry,
  repository: 'acme/agent',
  tag,
  digest: given,
});

test('a tag is pinned to its digest by one read of the manifest, which is not read again', async () => {
  const served = await openSeeded();
  const client = openClient();
  const resolved = await resolveImage(client, nameIn(served, 'v1'));
  expect(resolved).toEqual({ registry: served.registry, repository: 'acme/agent', tag: 'v1', digest });
  const manifest = await getManifest(client, { ...resolved, reference: digest, scopes: pullScopes(resolved) });
  expect(manifest.bytes).toEqual(image.manifests[0]!.bytes);
  expect(served.seen.map(({ operation }) => operation)).toEqual(['registry:GET manifest']);
});

test('a manifest that was read in one repository is not taken for one that is in another', async () => {
  const served = await openSeeded();
  const client = openClient();
  await resolveImage(client, nameIn(served, 'v1'));
  const other = { registry: served.registry, repository: 'acme/other' };
  const failure = await failureOf(getManifest(client, { ...other, reference: digest, scopes: pullScopes(other) }));
  expect(failure.code).toBe('IMAGE_NOT_FOUND');
});

test('a registry that names no digest is read, and the bytes are hashed', async () => {
  const served = await openSeeded();
  served.intercept = (_request, response) => {
    const setHeaders = response.writeHead.bind(response);
    response.writeHead = ((status: number, headers: Record<string, string>) => {
      const { 'docker-content-digest': _left, ...others } = headers;
      return setHeaders(status, others);
    }) as typeof response.writeHead;
    return false;
  };
  expect((await resolveImage(openClient(), nameIn(served, 'v1'))).digest).toBe(digest);
  expect(served.count('registry:GET manifest')).toBe(1);
});

test('a digest that is there stays what it is', async () => {
  const served = await openSeeded();
  const resolved = await resolveImage(openClient(), nameIn(served, null, digest));
  expect(resolved).toMatchObject({ tag: null, digest });
});

test.each([
  ['tag', 'v2', null],
  ['digest', null, `sha256:${'0'.repeat(64)}` as Digest],
])('a %s that is not there is IMAGE_NOT_FOUND with the next step', async (kind, tag, given) => {
  const served = await openSeeded();
  const failure = await failureOf(resolveImage(openClient(), nameIn(served, tag, given)));
  expect(failure.code).toBe('IMAGE_NOT_FOUND');
  expect(failure.message).toContain(`${served.registry}/acme/agent`);
  expect(failure.hint).toContain(`the spelling of the ${kind}`);
});

test('a registry that forbids the HEAD and knows no such repository is IMAGE_NOT_FOUND too', async () => {
  const { served } = await openRegistry({ createOnPush: false });
  expect((await failureOf(resolveImage(openClient(), nameIn(served, 'v1')))).code).toBe('IMAGE_NOT_FOUND');
});

test('a registry that cannot be reached is NETWORK after a bounded number of tries', async () => {
  const served = await openSeeded();
  let tries = 0;
  served.intercept = (request) => {
    tries += 1;
    request.socket.destroy();
    return true;
  };
  expect((await failureOf(resolveImage(openClient(), nameIn(served, 'v1')))).code).toBe('NETWORK');
  expect(tries).toBeLessThanOrEqual(5);
});
