import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Io } from '../io/io.ts';
import { formatImage, formatImageName, type ImageName, type ImageReference } from '../model/image.ts';
import type { ImageImporter } from '../model/image-importer.ts';
import type { RunRecord } from '../model/outcome.ts';
import type { Platform } from '../model/platform.ts';
import type { RegistryClient } from '../registry/client.ts';
import { copyImage } from '../registry/copy-image.ts';
import { type CopyRequest, digestToCopy } from '../registry/copy-plan.ts';
import { findAtDestination, lookAhead } from '../registry/find-at-destination.ts';
import { compileSchema } from '../registry/manifest.ts';
import { resolveImage } from '../registry/resolve-image.ts';
import { type ImagePart, selectPlatforms } from '../registry/select-platforms.ts';

/** Where the main image goes before it is deployed, and what of it. */
export interface CopyOptions {
  /** null: it is deployed from where it is. */
  readonly copyTo: { readonly registry: string; readonly repository: string } | null;
  /** That it gets there; none: the one that it has. */
  readonly tags: readonly string[];
  /** Only these of it go there; none: all. */
  readonly platforms: readonly Platform[];
  /** What refers to it goes with it. */
  readonly copyReferrers: boolean;
}

export interface ImageRequest extends CopyOptions {
  /** The first is the main image. */
  readonly images: readonly { readonly container: string | null; readonly name: ImageName }[];
}

export interface ResolvedImage {
  readonly container: string | null;
  /** What is deployed. */
  readonly image: ImageReference;
  /** What copies `image` to where it is; null: it is already present. */
  readonly copy: CopyRequest | null;
}

type Resolution = Omit<ResolvedImage, 'container'>;

/** Resolves each tag once: from here on only digests are used. Nothing is copied yet. */
export async function resolveImages(
  request: ImageRequest,
  client: RegistryClient,
  io: Pick<Io, 'log'>,
): Promise<readonly ResolvedImage[]> {
  const failed = new AbortController();
  const prepared = prepareCopy(request, client, failed.signal);
  try {
    const images = await resolveEach(request, client, io);
    await prepared;
    return images;
  } catch (error) {
    failed.abort(error);
    await endOf(prepared, client);
    throw error;
  }
}

const LONGEST_LOGIN_MS = 5_000;

/** A login is ended by no signal, and would go on when the failure was told. One that gets no answer is not waited for. */
async function endOf(prepared: Promise<void>, { clock, signal }: RegistryClient): Promise<void> {
  const done = new AbortController();
  const tooLong = clock.sleep(LONGEST_LOGIN_MS, AbortSignal.any([signal, done.signal])).catch(() => undefined);
  await Promise.race([prepared, tooLong]);
  done.abort();
}

async function resolveEach(
  request: ImageRequest,
  client: RegistryClient,
  io: Pick<Io, 'log'>,
): Promise<readonly ResolvedImage[]> {
  const resolved = new Map<string, Resolution>();
  for (const { name } of request.images) {
    const key = formatImageName(name);
    if (resolved.has(key)) continue;
    const source = await resolveImage(client, name);
    io.log.info(`${key} is ${source.digest}`);
    const isMain = resolved.size === 0;
    const copy = isMain ? await planCopyOf(source, request, { client, io }) : null;
    resolved.set(key, copy ? { image: destinationOf(copy), copy } : { image: source, copy: null });
  }
  return request.images.map(({ container, name }) => ({ container, ...resolved.get(formatImageName(name))! }));
}

// For each blob of an image of some layers. How many there are is not known yet.
const REQUESTS_OF_A_COPY = 16;

/**
 * While the digest is being resolved there is time for what a copy needs anyway: what the tags name at the destination now,
 * handshakes, as each blob is looked up there and then fetched, and a compiled schema. Never fails.
 */
async function prepareCopy(request: ImageRequest, client: RegistryClient, signal: AbortSignal): Promise<void> {
  const { copyTo, images } = request;
  const main = images[0];
  if (!copyTo || !main) return;
  const tags = tagsFor(request, main.name.tag);
  const looked = tags.map((reference) => lookAhead(client, copyTo, { reference, signal }));
  // The first requests leave before: opening that many connections takes 10 ms of a processor.
  await nextTurn();
  for (const registry of new Set([main.name.registry, copyTo.registry])) client.prepare(registry, REQUESTS_OF_A_COPY);
  compileSchema();
  await Promise.all(looked);
}

/** A copy gets the tag of its source, unless others are given. */
function tagsFor({ tags }: CopyOptions, own: string | null): readonly string[] {
  if (tags.length > 0) return tags;
  return own === null ? [] : [own];
}

async function planCopyOf(
  source: ImageReference,
  options: CopyOptions,
  { client, io }: { readonly client: RegistryClient; readonly io: Pick<Io, 'log'> },
): Promise<CopyRequest | null> {
  const { copyTo, platforms, copyReferrers: withReferrers } = options;
  if (!copyTo) return null;
  const part = platforms.length > 0 ? await selectPlatforms(client, source, platforms) : null;
  if (part) io.log.info(sayPart(source, part));
  const destination = { ...copyTo, tags: tagsFor(options, source.tag) };
  return { source, destination, withReferrers, ...(part ? { part } : {}) };
}

function sayPart({ digest }: ImageReference, { top, platforms }: ImagePart): string {
  return `Only ${platforms.join(', ')} of it: the digest changes from ${digest} to ${top.digest}, which is what is deployed`;
}

function destinationOf(copy: CopyRequest): ImageReference {
  const { registry, repository, tags } = copy.destination;
  return { registry, repository, tag: tags[0] ?? null, digest: digestToCopy(copy) };
}

export interface Copying {
  readonly client: RegistryClient;
  /** The first that can is asked to fetch an image itself; none: everything goes through the runner. */
  readonly importers: readonly ImageImporter[];
  readonly record: RunRecord;
  readonly io: Io;
}

/** Copies the images to where they are deployed from. */
export async function copyImages(images: readonly ResolvedImage[], copying: Copying): Promise<void> {
  const { client, record, io } = copying;
  for (const request of listCopies(images)) {
    const startedAt = io.clock.now();
    const isImported = await tryImport(request, copying);
    // After an import it finds everything there, which proves it.
    const { image, statistics } = await copyImage(client, request);
    const durationMs = io.clock.now() - startedAt;
    record.copies.push(isImported ? { ...statistics, isImported, durationMs } : statistics);
    io.log.info(`deploying ${formatImage(image)}`);
  }
}

/** An import takes an image whole and alone. */
async function tryImport(request: CopyRequest, { client, importers, io }: Copying): Promise<boolean> {
  const { source, destination, part, withReferrers } = request;
  const importer = importers.find((candidate) => candidate.handles(request));
  if (!importer || part || withReferrers) return false;
  if ((await findAtDestination(client, destination, source.digest)) === source.digest) return false;
  const credentials = await client.credentials(source);
  const { registry } = destination;
  // What was looked up before it is of no use: an import makes the tags too.
  client.ahead.clear();
  const attempt = await importer.tryImport({ source, destination, credentials });
  const isThere = attempt.isDone && (await findAtDestination(client, destination, source.digest)) === source.digest;
  if (isThere) io.log.info(`${registry} fetched the image itself: nothing of it went through this runner`);
  else io.log.info(`copying through this runner: ${attempt.isDone ? `${registry} does not show it` : attempt.why}`);
  return isThere;
}

/** What has to be copied, each once. */
export function listCopies(images: readonly ResolvedImage[]): readonly CopyRequest[] {
  const copies = images.flatMap(({ image, copy }) => (copy ? [[formatImage(image), copy] as const] : []));
  return [...new Map(copies).values()];
}
