import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage, type OciImage } from '../../../simulators/images.ts';
import type { Digest } from '../../../src/model/image.ts';
import { formatPlatform } from '../../../src/model/platform.ts';
import { readPlatforms } from '../../../src/registry/image-platforms.ts';
import { failureOf, openRegistry, withManifest } from './copy-world.ts';
import { closeServers, openClient } from './world.ts';

afterEach(closeServers);

async function read(image: OciImage, options: { readonly without?: string } = {}) {
  const { registry, served } = await openRegistry();
  registry.seed('acme/agent', 'v1', image);
  if (options.without !== undefined)
    served.intercept = (request, response) => damage(request.url, response, options.without!);
  const digest = image.digest as Digest;
  const platforms = await readPlatforms(openClient(), {
    registry: served.registry,
    repository: 'acme/agent',
    tag: null,
    digest,
  });
  return { served, platforms: platforms?.map(formatPlatform) ?? null };
}

function damage(url: string | undefined, response: import('node:http').ServerResponse, part: string): boolean {
  if (!url?.includes(part)) return false;
  response.writeHead(200).end('{"os":"linux","architecture":"arm64"}');
  return true;
}

/** The index with its entries changed. */
function withEntries(image: OciImage, change: (entry: Record<string, unknown>) => unknown): OciImage {
  const top = image.manifests.at(-1)!;
  const document = JSON.parse(top.bytes.toString()) as { manifests: Record<string, unknown>[] };
  const bytes = Buffer.from(JSON.stringify({ ...document, manifests: document.manifests.map(change) }));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { ...image, digest, manifests: [...image.manifests.slice(0, -1), { ...top, digest, bytes }] };
}

const multi = buildImage({ behaviour: {}, platforms: ['linux/amd64', 'linux/arm/v7', 'windows/amd64'] });
const single = buildImage({ behaviour: {}, platform: 'linux/arm64' });

describe('the platforms of an image', () => {
  test('of an index are those that it names, in one request, without its attestations', async () => {
    const { platforms, served } = await read(multi);
    expect(platforms).toEqual(['linux/amd64', 'linux/arm/v7', 'windows/amd64']);
    expect(served.seen).toHaveLength(1);
  });

  test('of a single manifest are in its config', async () => {
    expect((await read(single)).platforms).toEqual(['linux/arm64']);
  });

  test('that an index does not name are in the configs of its children', async () => {
    const silent = withEntries(multi, ({ platform: _, ...entry }) => entry);
    expect((await read(silent)).platforms).toEqual(['linux/amd64', 'linux/arm/v7', 'windows/amd64']);
  });

  test('are not known where a config is none, and never are text that could be a command', async () => {
    const odd = { ...single.blobs[0]!, bytes: Buffer.from('{"os":"linux\\n::error::","architecture":"arm64"}') };
    const digest = `sha256:${createHash('sha256').update(odd.bytes).digest('hex')}`;
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: odd.bytes.length };
    const image = withManifest(single, (manifest) => ({ ...manifest, config }));
    expect((await read({ ...image, blobs: [...image.blobs, { ...odd, digest }] })).platforms).toBeNull();
    const artifact = withManifest(single, (manifest) => ({
      ...manifest,
      config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' },
    }));
    expect((await read(artifact)).platforms).toBeNull();
  });

  test('are not read from a config that has another digest', async () => {
    const failure = await failureOf(read(single, { without: '/blobs/' }));
    expect(failure.code).toBe('IMAGE_INVALID');
    expect(failure.message).toMatch(
      /^could not read the config of 127\.0\.0\.1:\d+\/acme\/agent@sha256:\w+: its content has/,
    );
  });
});
