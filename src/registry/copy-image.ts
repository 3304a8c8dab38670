import { DeployError } from '../model/errors.ts';
import { type Digest, formatImage, formatImageName, type ImageReference } from '../model/image.ts';
import type { CopyStatistics } from '../model/outcome.ts';
import type { RegistryClient } from './client.ts';
import { copyBlob } from './copy-blob.ts';
import { type CopyPlan, planCopy } from './copy-plan.ts';
import type { Manifest } from './manifest.ts';
import { findDigest, getManifest, putManifest } from './manifest-transfer.ts';
import { pushTag } from './push-tag.ts';
import { formatRepository, pullScopes, pushScopes, type Repository } from './repository.ts';
import { runBounded } from './run-bounded.ts';

export interface CopyRequest {
  readonly source: ImageReference;
  /** `tag` null: stored by digest only. */
  readonly destination: Repository & { readonly tag: string | null };
}

export interface CopyResult {
  readonly image: ImageReference;
  readonly statistics: CopyStatistics;
}

type Counts = Pick<CopyStatistics, 'copiedBlobs' | 'copiedBytes' | 'mountedBlobs' | 'skippedBlobs'>;

const PARALLEL_BLOBS = 8;
const NOTHING: Counts = { copiedBlobs: 0, copiedBytes: 0, mountedBlobs: 0, skippedBlobs: 0 };

/**
 * Brings an image, all its platforms and attestations to another repository under the same digest. What is there
 * already is not sent; the tag moves last, when everything that it stands for is there.
 * @throws DeployError TAG_IMMUTABLE, IMAGE_NOT_FOUND, IMAGE_INVALID, NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, …
 */
export async function copyImage(client: RegistryClient, request: CopyRequest): Promise<CopyResult> {
  const startedAt = client.clock.now();
  const image: ImageReference = { ...request.destination, digest: request.source.digest };
  const counts = await copyMissing(client, request, image);
  const durationMs = client.clock.now() - startedAt;
  const statistics = { source: formatImage(request.source), destination: formatImage(image), ...counts, durationMs };
  return { image, statistics };
}

async function copyMissing(client: RegistryClient, request: CopyRequest, image: ImageReference): Promise<Counts> {
  const { source } = request;
  const [tagged, stored] = await Promise.all([
    image.tag === null ? null : findAtDestination(client, image, image.tag),
    findAtDestination(client, image, image.digest),
  ]);
  if (stored === image.digest && (image.tag === null || tagged === image.digest)) {
    client.log.info(`${describe(image)} is ${image.digest} already: nothing to copy`);
    return NOTHING;
  }
  const origin =
    stored === image.digest ? { ...image, scopes: pushScopes(image) } : { ...source, scopes: pullScopes(source) };
  const top = await getManifest(client, { ...origin, reference: image.digest });
  const counts = stored === image.digest ? NOTHING : await copyContent(client, request, top);
  await pushTop(client, image, top);
  await ensureStored(client, image);
  client.log.info(`${describe(image)} is ${image.digest} now: ${describeCounts(counts)}`);
  return counts;
}

/** Null also where looking is forbidden: pushing may be allowed, and says more when it is not. */
async function findAtDestination(client: RegistryClient, at: Repository, reference: string): Promise<Digest | null> {
  try {
    return await findDigest(client, { ...at, reference, scopes: pushScopes(at) });
  } catch (error) {
    if (error instanceof DeployError && error.code === 'PERMISSION_DENIED') return null;
    throw error;
  }
}

async function copyContent(client: RegistryClient, request: CopyRequest, top: Manifest): Promise<Counts> {
  const { source, destination } = request;
  const plan = await planCopy(client, request, top);
  const size = formatBytes(plan.blobs.reduce((sum, blob) => sum + blob.size, 0));
  client.log.info(
    `Copying ${formatImageName(source)} to ${formatRepository(destination)}: ${plan.blobs.length} blobs, ${size}`,
  );
  const counts = await copyBlobs(client, request, plan);
  // An index is refused while a manifest that it names is not there: the deepest go first.
  for (const level of plan.levels.slice(1).reverse()) {
    await runBounded(level, PARALLEL_BLOBS, async (manifest, signal) => {
      const at = { ...destination, reference: manifest.digest, scopes: pushScopes(destination), signal };
      await putManifest(client, at, manifest);
    });
  }
  return counts;
}

async function copyBlobs(client: RegistryClient, request: CopyRequest, plan: CopyPlan): Promise<Counts> {
  const results = await runBounded(plan.blobs, PARALLEL_BLOBS, async (blob, signal) => {
    return { how: await copyBlob(client, { ...request, signal }, blob), size: blob.size };
  });
  const count = (how: string): number => results.filter((result) => result.how === how).length;
  const copied = results.filter(({ how }) => how === 'copied');
  return {
    copiedBlobs: copied.length,
    copiedBytes: copied.reduce((sum, { size }) => sum + size, 0),
    mountedBlobs: count('mounted'),
    skippedBlobs: count('skipped'),
  };
}

async function pushTop(client: RegistryClient, image: ImageReference, top: Manifest): Promise<void> {
  const at = { ...image, scopes: pushScopes(image) };
  if (image.tag === null) await putManifest(client, { ...at, reference: image.digest }, top);
  else await pushTag(client, { ...at, reference: image.tag }, top);
}

const READ_BACK_TRIES = 4;
const READ_BACK_DELAY_MS = 500;

/** Reads back what was pushed. A registry may show a push a moment later. */
async function ensureStored(client: RegistryClient, image: ImageReference): Promise<void> {
  const reference = image.tag ?? image.digest;
  let found: Digest | null = null;
  for (let tried = 1; tried <= READ_BACK_TRIES; tried += 1) {
    found = await findDigest(client, { ...image, reference, scopes: pushScopes(image) });
    if (found === image.digest) return;
    if (tried < READ_BACK_TRIES) await client.clock.sleep(READ_BACK_DELAY_MS * tried, client.signal);
  }
  const seen = found === null ? 'it is not there when it is read back' : `${found} is there when it is read back`;
  throw new DeployError('REGISTRY_FAILED', `could not push ${image.digest} to ${describe(image)}: ${seen}`, {
    hint: 'Check whether something else pushes this tag at the same time, and run again.',
  });
}

function describe(image: ImageReference): string {
  return image.tag === null ? formatRepository(image) : `${formatRepository(image)}:${image.tag}`;
}

function describeCounts(counts: Counts): string {
  const copied = `${counts.copiedBlobs} blobs copied (${formatBytes(counts.copiedBytes)})`;
  return `${copied}, ${counts.mountedBlobs} mounted, ${counts.skippedBlobs} there already`;
}

function formatBytes(bytes: number): string {
  const steps = ['B', 'kB', 'MB', 'GB'];
  const step = Math.min(steps.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${steps[step]}`;
}
