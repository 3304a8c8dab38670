import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { buildImage, buildReferrer, type ImageOptions, type OciImage } from '../simulators/images.ts';
import { openWorld, SOURCE, type World } from '../simulators/world.ts';
import { type RealRegistry, startRealRegistry } from './real-registry.ts';
import { type Place, runCopy } from './run-copy.ts';
import { openSkopeo, type Skopeo } from './skopeo-client.ts';
import type { Tally } from './tally.ts';

export interface TwoServersReferee {
  readonly dockerRegistry: string;
  readonly skopeo: string;
  /** The server that docker-registry's images go to, and come back from. */
  readonly other: { readonly name: string; readonly start: () => Promise<RealRegistry> };
  readonly tally: Tally;
  readonly directory: string;
}

interface Parts {
  readonly world: World;
  readonly skopeo: Skopeo;
  /** `host/repository`, in the order in which our copy passes them. */
  readonly stops: readonly string[];
}

const simulated: Place = {
  name: `${SOURCE.host}/${SOURCE.repository}`,
  login: `${SOURCE.username}:${SOURCE.password}`,
};

const images: Readonly<Record<string, Omit<ImageOptions, 'behaviour'>>> = {
  single: { layers: 3, layerBytes: 1_000_000 },
  'multi-arch': { platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'] },
  zstd: { compression: 'zstd', layers: 3, layerBytes: 300_000 },
  'multi-arch-zstd': { compression: 'zstd', platforms: ['linux/amd64', 'linux/arm64'] },
  'empty-layer': { emptyLayer: true },
  'no-layers': { layers: 0 },
};

/** Our copy, from one real server to another of a different project, and back: nothing may differ by a byte. */
export async function checkTwoServers(referee: TwoServersReferee): Promise<void> {
  const { tally, other, directory } = referee;
  const world = await openWorld();
  const [docker, second] = await Promise.all([
    startRealRegistry(referee.dockerRegistry, { directory: path.join(directory, 'docker'), locked: false }),
    other.start(),
  ]);
  try {
    const skopeo = await openSkopeo(referee.skopeo, world, path.join(directory, 'skopeo'));
    const stops = [`${docker.host}/first/agent`, `${second.host}/acme/agent`, `${docker.host}/again/agent`];
    const parts: Parts = { world, skopeo, stops };
    for (const [tag, options] of Object.entries(images)) {
      const image = buildImage({ seed: tag, behaviour: {}, ...options });
      world.source.seed(SOURCE.repository, tag, image);
      await tally.check(`our copy copies ${tag} from docker-registry to ${other.name} and back, byte for byte`, () =>
        checkRoundTrip(parts, tag, image),
      );
    }
    await tally.check(`the referrers of an image are found in ${other.name} and, back again, in docker-registry`, () =>
      checkReferrers(parts),
    );
  } finally {
    await Promise.all([docker.close(), second.close(), world.close()]);
  }
}

async function checkRoundTrip(parts: Parts, tag: string, image: OciImage): Promise<string> {
  let source = simulated;
  for (const stop of parts.stops) {
    const destination = { name: stop, login: null };
    const { image: copied } = await runCopy(parts.world, { source, destination, tag });
    assert.equal(copied.digest, image.digest);
    source = destination;
  }
  for (const stop of parts.stops) {
    assert.equal(await inspectRaw(parts, `${stop}:${tag}`), textOf(image, image.digest));
    await compareAll(parts, stop, image);
  }
  return `${image.manifests.length} manifests and ${image.blobs.length} blobs at ${parts.stops.length} places`;
}

/** By its own requests, with skopeo's eyes for the manifests: each is there under its digest with the same bytes. */
async function compareAll(parts: Parts, stop: string, image: OciImage): Promise<void> {
  for (const { digest } of image.manifests) {
    assert.equal(await inspectRaw(parts, `${stop}@${digest}`), textOf(image, digest));
  }
  for (const { digest, bytes } of image.blobs) {
    const stored = Buffer.from(await (await read(stop, `blobs/${digest}`)).arrayBuffer());
    assert.deepEqual({ size: stored.length, digest: digestOf(stored) }, { size: bytes.length, digest });
  }
}

/** A signature of the index and an SBOM of one platform; docker-registry has no list of referrers, so they are in a tag. */
async function checkReferrers(parts: Parts): Promise<string> {
  const { world } = parts;
  const image = buildImage({ seed: 'signed', behaviour: {}, platforms: ['linux/amd64', 'linux/arm64'] });
  const referrers = [
    buildReferrer(image, image.digest, 'application/vnd.dev.sigstore.bundle.v0.3+json'),
    buildReferrer(image, image.manifests[0]!.digest, 'application/spdx+json'),
  ];
  world.source.seed(SOURCE.repository, 'signed', image);
  for (const referrer of referrers) world.source.seed(SOURCE.repository, null, referrer);
  let source = simulated;
  for (const stop of parts.stops) {
    const destination = { name: stop, login: null };
    const { statistics } = await runCopy(world, { source, destination, tag: 'signed', withReferrers: true });
    assert.deepEqual(statistics.referrers, { copied: referrers.length, present: 0 });
    source = destination;
  }
  const kept = new Set<string>();
  for (const stop of parts.stops) {
    for (const referrer of referrers) {
      const { subject } = JSON.parse(textOf(referrer, referrer.digest)) as { readonly subject: { digest: string } };
      const { where, digests } = await listReferrers(stop, subject.digest);
      assert.deepEqual(digests, [referrer.digest], `${stop} lists ${digests} for ${subject.digest}`);
      kept.add(`${stop.slice(stop.indexOf('/') + 1)}: ${where}`);
      await compareAll(parts, stop, referrer);
    }
  }
  return [...kept].join(', ');
}

async function listReferrers(stop: string, subject: string) {
  const answer = await read(stop, `referrers/${subject}`);
  const where = answer.ok ? 'listed' : 'in a tag';
  const index = answer.ok ? answer : await read(stop, `manifests/${subject.replace(':', '-')}`);
  const { manifests } = (await index.json()) as { readonly manifests: readonly { readonly digest: string }[] };
  return { where, digests: manifests.map(({ digest }) => digest) };
}

function inspectRaw({ skopeo }: Parts, image: string): Promise<string> {
  return skopeo.say('inspect', '--raw', '--tls-verify=false', `docker://${image}`);
}

async function read(stop: string, what: string): Promise<Response> {
  const slash = stop.indexOf('/');
  const accept = 'application/vnd.oci.image.index.v1+json';
  return await fetch(`http://${stop.slice(0, slash)}/v2/${stop.slice(slash + 1)}/${what}`, { headers: { accept } });
}

function textOf(image: OciImage, digest: string): string {
  return String(image.manifests.find((manifest) => manifest.digest === digest)?.bytes);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
