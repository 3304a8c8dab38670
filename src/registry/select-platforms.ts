import { DeployError } from '../model/errors.ts';
import { formatImage, type ImageReference } from '../model/image.ts';
import { formatPlatform, isPlatform, type Platform } from '../model/platform.ts';
import type { RegistryClient } from './client.ts';
import { readPlatforms } from './image-platforms.ts';
import { type Child, digestOf, type Manifest } from './manifest.ts';
import { getManifest } from './manifest-transfer.ts';
import { pullScopes } from './repository.ts';

/** Some of an image's platforms: an image of its own, with a digest of its own. */
export interface ImagePart {
  /** One platform: its manifest, as it is. Several: an index that names only these, and what attests them. */
  readonly top: Manifest;
  /** `linux/amd64` */
  readonly platforms: readonly string[];
}

/**
 * The part of an image that these platforms are; null: they are all that it has.
 * @throws DeployError UNSUPPORTED when the image is not built for one of them; IMAGE_NOT_FOUND, IMAGE_INVALID, …
 */
export async function selectPlatforms(
  client: RegistryClient,
  source: ImageReference,
  wanted: readonly Platform[],
): Promise<ImagePart | null> {
  const top = await getManifest(client, { ...source, reference: source.digest, scopes: pullScopes(source) });
  const runnable = top.children.filter(({ attests, platform }) => attests === null && platform?.os !== 'unknown');
  const named = runnable.map(({ platform }) => platform).filter((platform) => platform !== null);
  const isIndex = top.blobs.length === 0;
  const built = isIndex ? named : ((await readPlatforms(client, source, top)) ?? []);
  const absent = wanted.filter((platform) => !built.some((one) => isPlatform(one, platform)));
  if (absent.length > 0) throw notBuilt(source, absent, built);
  const isWanted = ({ platform }: Child) => platform !== null && wanted.some((one) => isPlatform(platform, one));
  const kept = runnable.filter(isWanted);
  if (kept.length === runnable.length) return null;
  const platforms = kept.map(({ platform }) => formatPlatform(platform!));
  if (kept.length > 1) return { top: filterIndex(top, kept), platforms };
  const { digest } = kept[0]!;
  return { top: await getManifest(client, { ...source, reference: digest, scopes: pullScopes(source) }), platforms };
}

/** The same document with fewer entries: annotations and what we don't know stay. */
function filterIndex(top: Manifest, kept: readonly Child[]): Manifest {
  const digests = new Set(kept.map(({ digest }) => digest));
  const stays = ({ digest, attests }: Child) => digests.has(digest) || (attests !== null && digests.has(attests));
  const document = JSON.parse(top.bytes.toString()) as { readonly manifests: readonly unknown[] };
  const manifests = document.manifests.filter((_, index) => stays(top.children[index]!));
  const bytes = Buffer.from(JSON.stringify({ ...document, manifests }));
  return { ...top, digest: digestOf(bytes), bytes, children: top.children.filter(stays) };
}

function notBuilt(source: ImageReference, absent: readonly Platform[], built: readonly Platform[]): DeployError {
  const list = (platforms: readonly Platform[]) => platforms.map(formatPlatform).join(', ');
  const found = built.length === 0 ? 'does not say what it is built for' : `is built for ${list(built)}`;
  const message = `could not copy ${list(absent)} of ${formatImage(source)}: it ${found}`;
  return new DeployError('UNSUPPORTED', message, {
    hint: 'Build it for these platforms too, or correct the input `platforms`.',
  });
}
