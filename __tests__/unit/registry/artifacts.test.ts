import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage, type OciImage } from '../../../simulators/images.ts';
import { resolveImage } from '../../../src/registry/resolve-image.ts';
import { failureOf, openRegistry, withManifest } from './copy-world.ts';
import { closeServers, openClient } from './world.ts';

afterEach(closeServers);

const single = buildImage({ behaviour: { version: 'v1' } });

function withConfig(mediaType: string): OciImage {
  return withManifest(single, (manifest) => {
    const { config } = manifest as unknown as { config: object };
    return { ...manifest, config: { ...config, mediaType } };
  });
}

function withLayers(mediaType: string): OciImage {
  return withManifest(single, (manifest) => ({
    ...manifest,
    layers: manifest.layers.map((layer) => ({ ...layer, mediaType })),
  }));
}

async function resolve(image: OciImage) {
  const { registry, served } = await openRegistry();
  registry.seed('acme/agent', 'v1', image);
  const name = { registry: served.registry, repository: 'acme/agent', tag: 'v1', digest: null };
  return await resolveImage(openClient(), name);
}

describe('what is no image is refused before anything is deployed', () => {
  test.each([
    ['application/vnd.cncf.helm.config.v1+json', 'it is a Helm chart, not an image'],
    ['application/vnd.oci.empty.v1+json', 'it is an artifact of the type application/vnd.oci.empty.v1+json'],
  ])('with the config %s', async (type, says) => {
    const failure = await failureOf(resolve(withConfig(type)));
    expect(failure).toMatchObject({ code: 'IMAGE_INVALID', message: expect.stringContaining(says) });
  });

  // cosign's signatures, the attestations of buildx and SBOMs.
  test.each(['application/vnd.dev.cosign.simplesigning.v1+json', 'application/vnd.in-toto+json', 'text/spdx'])(
    'with the config of an image and layers of the type %s',
    async (type) => {
      const failure = await failureOf(resolve(withLayers(type)));
      expect(failure).toMatchObject({ code: 'IMAGE_INVALID' });
      expect(failure.message).toContain(`it is an artifact of the type ${type}, not an image`);
    },
  );
});

test.each([
  'application/vnd.oci.image.layer.v1.tar+zstd',
  'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  'application/vnd.oci.image.layer.nydus.blob.v1',
  'application/vnd.wasm.content.layer.v1+wasm',
])('what has layers of the type %s is an image', async (type) => {
  const image = withLayers(type);
  expect((await resolve(image)).digest).toBe(image.digest);
});
