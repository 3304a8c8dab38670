import { DeployError } from '../model/errors.ts';
import { formatImage, type ImageReference } from '../model/image.ts';
import { tryParseJson } from '../model/json.ts';
import type { Platform } from '../model/platform.ts';
import type { RegistryClient } from './client.ts';
import { type Child, MAX_MANIFEST_BYTES, type Manifest, platformDocument } from './manifest.ts';
import { getManifest } from './manifest-transfer.ts';
import { readBlob } from './read-blob.ts';
import { pullScopes, type Repository } from './repository.ts';
import { runBounded } from './run-bounded.ts';

/** Of the config of what a platform runs. */
export const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];
// Nothing that runs is larger: a config has a line for each layer.
const MAX_CONFIG_BYTES = MAX_MANIFEST_BYTES;
const AT_ONCE = { capacity: 8 };

/**
 * What the image is built for; null: it doesn't say. `known`: its manifest, where that is known or not the source's own.
 * @throws DeployError IMAGE_NOT_FOUND, IMAGE_INVALID, PERMISSION_DENIED, NETWORK, …
 */
export async function readPlatforms(
  client: RegistryClient,
  image: ImageReference,
  known?: Manifest,
): Promise<readonly Platform[] | null> {
  const top = known ?? (await readManifest(client, image));
  const children = top.children.filter(({ attests, platform }) => attests === null && platform?.os !== 'unknown');
  const read = isIndex(top)
    ? await runBounded(children, AT_ONCE, (child, signal) => readChild(client, image, { child, signal }))
    : [await readConfig(client, image, { manifest: top, signal: client.signal })];
  const platforms = read.filter((platform) => platform !== null);
  // One that doesn't say may be the one that fits.
  return platforms.length === read.length ? platforms : null;
}

function readManifest(client: RegistryClient, image: ImageReference, signal = client.signal): Promise<Manifest> {
  return getManifest(client, { ...image, reference: image.digest, scopes: pullScopes(image), signal });
}

async function readChild(
  client: RegistryClient,
  image: ImageReference,
  { child, signal }: { readonly child: Child; readonly signal: AbortSignal },
): Promise<Platform | null> {
  if (child.platform) return child.platform;
  const manifest = await readManifest(client, { ...image, digest: child.digest }, signal);
  return isIndex(manifest) ? null : await readConfig(client, image, { manifest, signal });
}

function isIndex(manifest: Manifest): boolean {
  return manifest.blobs.length === 0;
}

async function readConfig(
  client: RegistryClient,
  at: Repository,
  { manifest, signal }: { readonly manifest: Manifest; readonly signal: AbortSignal },
): Promise<Platform | null> {
  const blob = manifest.blobs[0];
  if (!blob || !CONFIG_TYPES.includes(blob.mediaType)) return null;
  const what = `read the config of ${formatImage({ ...at, tag: null, digest: manifest.digest })}`;
  if (blob.size > MAX_CONFIG_BYTES) throw damaged(what, 'it is larger than 4 MiB');
  const bytes = await readBlob(client, at, { blob, what, signal });
  return platformDocument.safeParse(parseJson(bytes, what)).data ?? null;
}

function parseJson(bytes: Buffer, what: string): unknown {
  const json = tryParseJson(bytes.toString());
  if (json === undefined) throw damaged(what, 'it is not JSON');
  return json;
}

function damaged(what: string, why: string): DeployError {
  return new DeployError('IMAGE_INVALID', `could not ${what}: ${why}`, { hint: 'Build and push the image again.' });
}
