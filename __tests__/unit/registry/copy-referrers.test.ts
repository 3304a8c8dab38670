import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage, buildIndexOf, buildReferrer, type OciImage } from '../../../simulators/images.ts';
import type { Digest } from '../../../src/model/image.ts';
import { parseManifest } from '../../../src/registry/manifest.ts';
import { previewCopy } from '../../../src/registry/preview-copy.ts';
import { listReferrers, noteReferrers } from '../../../src/registry/referrers.ts';
import { copy, failureOf, held, type Opened, openPair, openRegistry } from './copy-world.ts';
import { closeServers, memoryLog, openClient } from './world.ts';

afterEach(closeServers);

type Kind = 'api' | 'fallback';

const image = buildImage({ behaviour: { version: 'v1' }, platforms: ['linux/amd64', 'linux/arm64'] });
const child = image.manifests[0]!.digest;
const signature = buildReferrer(image, image.digest, 'application/vnd.dev.sigstore.bundle.v0.3+json');
const sbom = buildReferrer(image, child, 'application/spdx+json');
const onSbom = buildReferrer(sbom, sbom.digest, 'application/vnd.dev.sigstore.bundle.v0.3+json');
const all = [signature, sbom, onSbom];
const fallbackTag = (digest: string) => digest.replace(':', '-');

/** The image and all that refers to it, as clients push it there. */
function seedSource({ registry }: Opened, kind: Kind): void {
  for (const referrer of all) registry.seed('acme/agent', null, referrer);
  if (kind === 'api') return;
  const lists: [string, OciImage][] = [
    [image.digest, signature],
    [child, sbom],
    [sbom.digest, onSbom],
  ];
  for (const [subject, referrer] of lists) registry.seed('acme/agent', fallbackTag(subject), buildIndexOf([referrer]));
}

async function open(from: Kind, to: Kind, options: object = {}) {
  const pair = await openPair(image, { source: { referrers: from }, destination: { referrers: to, ...options } });
  seedSource(pair.source, from);
  return { ...pair, route: { from: pair.source.served, to: pair.destination.served, withReferrers: true } };
}

function listed({ served }: Opened, subject: string): Promise<readonly Digest[]> {
  const scopes = ['repository:prod/agent:pull'];
  const at = { registry: served.registry, repository: 'prod/agent', scopes };
  return listReferrers(openClient(), at, subject as Digest);
}

describe('what refers to an image', () => {
  test.each<[Kind, Kind]>([
    ['api', 'api'],
    ['api', 'fallback'],
    ['fallback', 'api'],
    ['fallback', 'fallback'],
  ])('is found at the destination as at the source: %s to %s', async (from, to) => {
    const { destination, route } = await open(from, to);
    const log = memoryLog();
    const { statistics } = await copy(openClient({ log }), image, route);
    expect(await listed(destination, image.digest)).toEqual([signature.digest]);
    expect(await listed(destination, child)).toEqual([sbom.digest]);
    expect(await listed(destination, sbom.digest)).toEqual([onSbom.digest]);
    const blobs = new Set([image, ...all].flatMap(({ blobs }) => blobs.map(({ digest }) => digest)));
    expect(new Set(held(destination)?.blobs)).toEqual(blobs);
    expect(statistics).toMatchObject({ referrers: { copied: 3, present: 0 } });
    expect(log.lines.at(-1)).toContain('3 referrers (signatures, SBOMs, provenance) copied, 0 already present');
    const tags = to === 'api' ? ['v1'] : ['v1', ...[image.digest, child, sbom.digest].map(fallbackTag)];
    expect(Object.keys(held(destination)!.tags).sort()).toEqual(tags.sort());
  });

  test('stays where it is unless it is asked for', async () => {
    const { destination, route } = await open('api', 'api');
    const { statistics } = await copy(openClient(), image, { ...route, withReferrers: false });
    expect(await listed(destination, image.digest)).toEqual([]);
    expect(statistics.referrers).toBeNull();
  });

  test.each<[Kind]>([['api'], ['fallback']])('is not sent again: %s', async (to) => {
    const { destination, route } = await open('api', to);
    await copy(openClient(), image, route);
    const writes = () => destination.served.seen.filter(({ operation }) => /:(?:PUT|POST) /.test(operation)).length;
    const before = writes();
    const { statistics } = await copy(openClient(), image, route);
    expect(statistics).toMatchObject({ referrers: { copied: 0, present: 3 }, copiedBlobs: 0 });
    expect(writes()).toBe(before);
  });

  test('that came after the image is brought over to the image that is there', async () => {
    const { source, destination, route } = await open('api', 'fallback');
    await copy(openClient(), image, route);
    const late = buildReferrer(image, image.digest, 'application/vnd.in-toto+json');
    source.registry.seed('acme/agent', null, late);
    const { statistics } = await copy(openClient(), image, route);
    expect(statistics).toMatchObject({ referrers: { copied: 1, present: 3 } });
    expect([...(await listed(destination, image.digest))].sort()).toEqual([signature.digest, late.digest].sort());
  });

  test('that was stored but not listed when an earlier copy died is listed', async () => {
    const { destination, route } = await open('api', 'fallback');
    destination.registry.seed('prod/agent', 'v1', image);
    for (const referrer of all) destination.registry.seed('prod/agent', null, referrer);
    await copy(openClient(), image, route);
    expect(await listed(destination, image.digest)).toEqual([signature.digest]);
  });

  test('keeps its type and annotations in the tag that stands in for the list', async () => {
    const { destination, route } = await open('api', 'fallback');
    await copy(openClient(), image, route);
    const { served } = destination;
    const response = await fetch(`http://${served.registry}/v2/prod/agent/manifests/${fallbackTag(image.digest)}`);
    expect(response.headers.get('content-type')).toBe('application/vnd.oci.image.index.v1+json');
    expect(await response.json()).toMatchObject({
      manifests: [
        {
          digest: signature.digest,
          artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
          annotations: { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' },
        },
      ],
    });
  });

  test('is named by tags of cosign too, which travel with what they name', async () => {
    const { source, destination, route } = await open('api', 'api');
    const signed = buildImage({ behaviour: { version: 'signature' }, seed: 'signature' });
    const tag = `${fallbackTag(child)}.sig`;
    source.registry.seed('acme/agent', tag, signed);
    const { statistics } = await copy(openClient(), image, route);
    expect(statistics).toMatchObject({ referrers: { copied: 4, present: 0 } });
    expect(held(destination)?.tags[tag]).toBe(signed.digest);
    expect((await copy(openClient(), image, route)).statistics.referrers).toEqual({ copied: 0, present: 4 });
  });

  test('is left out, with a warning, where it refers to something else', async () => {
    const { source, destination, route } = await open('fallback', 'api');
    const other = buildReferrer(image, child, 'application/x-other');
    source.registry.seed('acme/agent', fallbackTag(image.digest), buildIndexOf([signature, other]));
    const log = memoryLog();
    await copy(openClient({ log }), image, route);
    expect(await listed(destination, image.digest)).toEqual([signature.digest]);
    expect(log.lines.join('\n')).toContain(`${other.digest} is listed for ${image.digest}, which it does not refer to`);
  });

  test('is counted by a forecast, which sends nothing', async () => {
    const { source, destination } = await open('fallback', 'fallback');
    const forecast = await previewCopy(openClient(), {
      source: { registry: source.served.registry, repository: 'acme/agent', tag: null, digest: image.digest as Digest },
      destination: { registry: destination.served.registry, repository: 'prod/agent', tags: [] },
      withReferrers: true,
    });
    expect(forecast.referrers).toEqual({ missing: 3, present: 0 });
    const writes = [...source.served.seen, ...destination.served.seen].filter(
      ({ operation }) => !/:(?:GET|HEAD) /.test(operation),
    );
    expect(writes).toEqual([]);
  });
});

describe('the tag that stands in for the list', () => {
  const manifestOf = ({ manifests }: OciImage) => parseManifest(manifests[0]!.bytes, manifests[0]!.mediaType, 'it');
  const subject = image.digest as Digest;

  async function openFallback() {
    const opened = await openRegistry({ referrers: 'fallback' });
    for (const one of [image, ...all]) opened.registry.seed('prod/agent', null, one);
    const scopes = ['repository:prod/agent:pull,push'];
    return { opened, at: { registry: opened.served.registry, repository: 'prod/agent', scopes } };
  }

  test('is written again when somebody else overwrote it meanwhile', async () => {
    const { opened, at } = await openFallback();
    const theirs = buildReferrer(image, image.digest, 'application/x-theirs');
    let puts = 0;
    opened.served.intercept = (request) => {
      // Between our write and our look at it, theirs comes, which knows nothing of ours.
      if (request.method === 'GET' && puts === 1)
        opened.registry.seed('prod/agent', fallbackTag(subject), buildIndexOf([theirs]));
      if (request.method === 'PUT' || puts === 1) puts += 1;
      return false;
    };
    await noteReferrers(openClient(), at, { subject, referrers: [manifestOf(signature)] });
    expect([...(await listReferrers(openClient(), at, subject))].sort()).toEqual(
      [theirs.digest, signature.digest].sort(),
    );
  });

  test('that never keeps what is written is an error', async () => {
    const { opened, at } = await openFallback();
    opened.served.intercept = (request) => {
      if (request.method === 'GET') opened.registry.seed('prod/agent', fallbackTag(subject), buildIndexOf([]));
      return false;
    };
    const failure = await failureOf(noteReferrers(openClient(), at, { subject, referrers: [manifestOf(signature)] }));
    expect(failure.code).toBe('REGISTRY_FAILED');
    expect(failure.message).toContain(fallbackTag(subject));
  });
});
