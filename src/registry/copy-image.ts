import { formatBytes, formatRate } from '../model/bytes.ts';
import { DeployError } from '../model/errors.ts';
import { type Digest, formatImage, formatImageName, type ImageReference } from '../model/image.ts';
import type { CopyStatistics } from '../model/outcome.ts';
import type { RegistryClient } from './client.ts';
import { copyBlob } from './copy-blob.ts';
import { type CopyPlan, type CopyRequest, planCopy } from './copy-plan.ts';
import { type CopyCounts, type CopyProgress, openCopyProgress } from './copy-progress.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import { findDigest, putManifest } from './manifest-transfer.ts';
import { pushTag } from './push-tag.ts';
import { formatRepository, pushScopes } from './repository.ts';
import { MOST_AT_ONCE } from './request-gate.ts';
import { runBounded } from './run-bounded.ts';

export interface CopyResult {
  readonly image: ImageReference;
  readonly statistics: CopyStatistics;
}

const LARGE_BYTES = 8_000_000;
/** 32 small blobs at once hide the round trips; ten large ones fill the line, and more would only fill the memory. */
const BLOBS_AT_ONCE = { capacity: 32, weigh: ({ size }: Descriptor) => (size >= LARGE_BYTES ? 3 : 1) };

/**
 * Brings an image, all its platforms and attestations to another repository under the same digest. What is there
 * already is not sent; the tag moves last, when everything that it stands for is there.
 * @throws DeployError TAG_IMMUTABLE, IMAGE_NOT_FOUND, IMAGE_INVALID, NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, …
 */
export async function copyImage(client: RegistryClient, request: CopyRequest): Promise<CopyResult> {
  const startedAt = client.clock.now();
  const image: ImageReference = { ...request.destination, digest: request.source.digest };
  const plan = await planCopy(client, request);
  const progress = openCopyProgress(client, plan);
  const [top, ...below] = plan.levels;
  if (top?.[0]) {
    await copyBlobs(client, request, { plan, progress });
    await pushChildren(client, image, below);
    await pushTop(client, image, top[0]);
  }
  const durationMs = client.clock.now() - startedAt;
  const counts = progress.counts();
  client.log.info(`${describe(image)} is ${image.digest} ${sayOutcome(plan, counts, durationMs)}`);
  const statistics = { source: formatImage(request.source), destination: formatImage(image), ...counts, durationMs };
  return { image, statistics };
}

async function copyBlobs(
  client: RegistryClient,
  request: CopyRequest,
  { plan, progress }: { readonly plan: CopyPlan; readonly progress: CopyProgress },
): Promise<void> {
  if (plan.isStored) return;
  const size = formatBytes(plan.missing.reduce((sum, blob) => sum + blob.size, 0));
  const what = `${plan.missing.length} blobs, ${size}; ${plan.present.length} there already`;
  client.log.info(`Copying ${formatImageName(request.source)} to ${formatRepository(request.destination)}: ${what}`);
  await runBounded(plan.missing, BLOBS_AT_ONCE, async (blob, signal) => {
    const startedAt = client.clock.now();
    const how = await copyBlob(client, { ...request, signal }, blob);
    progress.note(blob, how, client.clock.now() - startedAt);
  });
}

/** An index is refused while a manifest that it names is not there: the deepest go first. */
async function pushChildren(client: RegistryClient, image: ImageReference, levels: CopyPlan['levels']): Promise<void> {
  for (const level of [...levels].reverse()) {
    await runBounded(level, { capacity: MOST_AT_ONCE }, async (manifest, signal) => {
      await putManifest(client, { ...image, reference: manifest.digest, scopes: pushScopes(image), signal }, manifest);
    });
  }
}

async function pushTop(client: RegistryClient, image: ImageReference, top: Manifest): Promise<void> {
  const at = { ...image, scopes: pushScopes(image), reference: image.tag ?? image.digest };
  const stored = image.tag === null ? await putManifest(client, at, top) : await pushTag(client, at, top);
  if (stored !== image.digest) await ensureStored(client, image);
}

const READ_BACK_TRIES = 4;
const READ_BACK_DELAY_MS = 500;

/** Reads back what was pushed to a registry that didn't say what it stored. It may show a push a moment later. */
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

function sayOutcome(plan: CopyPlan, counts: CopyCounts, durationMs: number): string {
  if (plan.levels.length === 0) return 'already: nothing to copy';
  if (plan.isStored) return 'now: the image was there already';
  const { copiedBlobs, copiedBytes, mountedBlobs, skippedBlobs } = counts;
  const rate = copiedBlobs > 0 ? `, ${formatRate(copiedBytes, durationMs)}` : '';
  const copied = `${copiedBlobs} blobs copied (${formatBytes(copiedBytes)}${rate})`;
  return `now: ${copied}, ${mountedBlobs} mounted, ${skippedBlobs} there already`;
}
