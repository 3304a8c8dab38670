import { formatBytes, formatRate } from '../model/bytes.ts';
import { DeployError } from '../model/errors.ts';
import { type Digest, formatImage, type ImageReference } from '../model/image.ts';
import type { CopyStatistics } from '../model/outcome.ts';
import type { RegistryClient } from './client.ts';
import { copyContent } from './copy-content.ts';
import { type CopyPlan, type CopyRequest, digestToCopy, planCopy } from './copy-plan.ts';
import { type CopyCounts, openCopyProgress } from './copy-progress.ts';
import { copyReferrers } from './copy-referrers.ts';
import type { Manifest } from './manifest.ts';
import { findDigest, putManifest } from './manifest-transfer.ts';
import { pushTag } from './push-tag.ts';
import { RegistryError } from './registry-error.ts';
import { formatRepository, pushScopes } from './repository.ts';

export interface CopyResult {
  readonly image: ImageReference;
  readonly statistics: CopyStatistics;
}

/**
 * Brings an image, all its platforms and attestations to another repository under the same digest. What is there
 * already is not sent; the tags move last, when everything that they stand for is there.
 * @throws DeployError TAG_IMMUTABLE, IMAGE_NOT_FOUND, IMAGE_INVALID, NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, …
 */
export async function copyImage(client: RegistryClient, request: CopyRequest): Promise<CopyResult> {
  const startedAt = client.clock.now();
  const { registry, repository, tags } = request.destination;
  const image: ImageReference = { registry, repository, tag: tags[0] ?? null, digest: digestToCopy(request) };
  const { plan, progress } = await copyAll(client, request, image);
  const referrers = request.withReferrers ? await copyReferrers(client, request, progress) : null;
  const durationMs = client.clock.now() - startedAt;
  const counts = progress.counts();
  const names = [describe(image), ...tags.slice(1)].join(', ');
  client.log.info(`${names}: ${sayOutcome(plan, counts, durationMs)}`);
  const statistics = {
    source: formatImage(request.source),
    destination: formatImage(image),
    platforms: request.part?.platforms ?? null,
    ...counts,
    referrers,
    durationMs,
  };
  if (referrers) client.log.info(`${describe(image)}: ${sayReferrers(referrers)}`);
  return { image, statistics };
}

/** A registry that has lost a blob, or has never had it, says so when it gets a manifest that names the blob: each is looked up then. */
async function copyAll(client: RegistryClient, request: CopyRequest, image: ImageReference) {
  const { doubted } = client;
  try {
    return await copyMissing(client, request, image);
  } catch (error) {
    if (!lacksBlob(error) || doubted.has(image.registry)) throw error;
    client.log.info(`${error.message}; looking up each blob and sending what is not there`);
    doubted.add(image.registry);
    return await copyMissing(client, request, image);
  }
}

async function copyMissing(client: RegistryClient, request: CopyRequest, image: ImageReference) {
  const plan = await planCopy(client, request);
  const progress = openCopyProgress(client, plan);
  const top = plan.levels[0]?.[0];
  if (top) {
    announce(client, request, plan);
    await copyContent(client, request, { plan, progress });
    await pushTop(client, image, { top, plan });
  }
  return { plan, progress };
}

/** The code of the specification (oras-project/oras#601), and what others say (docker/build-push-action#271, mapbox/ecs-conex#50). */
const LACKS_BLOB = ['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'BLOB_UPLOAD_UNKNOWN'];

function lacksBlob(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.refusal.codes.some((code) => LACKS_BLOB.includes(code));
}

function announce(client: RegistryClient, request: CopyRequest, plan: CopyPlan): void {
  if (plan.isStored) return;
  const size = formatBytes(plan.missing.reduce((sum, blob) => sum + blob.size, 0));
  const what = `${plan.missing.length} blobs, ${size}; ${plan.present.length} already present`;
  client.log.info(`Copying to ${formatRepository(request.destination)}: ${what}`);
}

async function pushTop(
  client: RegistryClient,
  image: ImageReference,
  { top, plan }: { readonly top: Manifest; readonly plan: CopyPlan },
): Promise<void> {
  const at = { ...image, scopes: pushScopes(image) };
  if (plan.tagged.size === 0) {
    const stored = await putManifest(client, { ...at, reference: image.digest }, top);
    if (stored !== image.digest) await ensureStored(client, image);
  }
  for (const [tag, now] of plan.tagged) {
    if (now === image.digest) continue;
    const stored = await pushTag(client, { ...at, reference: tag }, top);
    if (stored !== image.digest) await ensureStored(client, { ...image, tag });
  }
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
  const seen = found === null ? 'the registry does not show it' : `the registry shows ${found}`;
  throw new DeployError('REGISTRY_FAILED', `could not push ${image.digest} to ${describe(image)}: ${seen}`, {
    hint: 'Check whether something else pushes this tag at the same time, and run again.',
  });
}

function describe(image: ImageReference): string {
  return image.tag === null ? formatRepository(image) : `${formatRepository(image)}:${image.tag}`;
}

function sayOutcome(plan: CopyPlan, counts: CopyCounts, durationMs: number): string {
  if (plan.levels.length === 0) return 'names that image already, nothing to copy';
  if (plan.isStored) return 'the image was already present, only the name is new';
  const { copiedBlobs, copiedBytes, mountedBlobs, skippedBlobs } = counts;
  const rate = copiedBlobs > 0 ? `, ${formatRate(copiedBytes, durationMs)}` : '';
  const copied = `${copiedBlobs} blobs copied (${formatBytes(copiedBytes)}${rate})`;
  return `${copied}, ${mountedBlobs} mounted, ${skippedBlobs} already present`;
}

function sayReferrers({ copied, present }: NonNullable<CopyStatistics['referrers']>): string {
  if (copied + present === 0) return 'nothing refers to it (no signature, SBOM or provenance)';
  return `${copied} referrers (signatures, SBOMs, provenance) copied, ${present} already present`;
}
