import type { Io } from '../io/io.ts';
import type { ImageName, ImageReference } from '../model/image.ts';
import { formatImage, formatImageName } from '../model/image.ts';
import type { RunRecord } from '../model/outcome.ts';
import type { Platform } from '../model/platform.ts';
import type { RegistryClient } from '../registry/client.ts';
import { copyImage } from '../registry/copy-image.ts';
import { type CopyRequest, digestToCopy } from '../registry/copy-plan.ts';
import { resolveImage } from '../registry/resolve-image.ts';
import { type ImagePart, selectPlatforms } from '../registry/select-platforms.ts';

export interface ImagesToPin {
  readonly images: readonly { readonly container: string | null; readonly name: ImageName }[];
  /** Where the first image goes before it is deployed; null: it is deployed from where it is. */
  readonly copyTo: { readonly registry: string; readonly repository: string } | null;
  /** That it gets there; none: the one that it has. */
  readonly tags: readonly string[];
  /** Only these of it go there; none: all. */
  readonly platforms: readonly Platform[];
  /** What refers to it goes with it. */
  readonly copyReferrers: boolean;
}

export interface PinnedImage {
  readonly container: string | null;
  /** What is deployed. */
  readonly image: ImageReference;
  /** What brings `image` to where it is; null: it is there already. */
  readonly copy: CopyRequest | null;
}

/** Resolves each tag once: from here on only digests are spoken of. Nothing is copied yet. */
export async function pinImages(
  { images, copyTo, tags, platforms, copyReferrers: withReferrers }: ImagesToPin,
  client: RegistryClient,
  io: Io,
): Promise<readonly PinnedImage[]> {
  const pinned = new Map<string, Omit<PinnedImage, 'container'>>();
  const main = images[0] && formatImageName(images[0].name);
  for (const { name } of images) {
    const key = formatImageName(name);
    if (pinned.has(key)) continue;
    const source = await resolveImage(client, name);
    io.log.info(`${key} is ${source.digest}`);
    const goes = copyTo !== null && key === main;
    if (!goes) {
      pinned.set(key, { image: source, copy: null });
      continue;
    }
    const part = platforms.length > 0 ? await selectPlatforms(client, source, platforms) : null;
    if (part) io.log.info(sayPart(source, part));
    const route = { destination: { ...copyTo, tags }, withReferrers, ...(part ? { part } : {}) };
    pinned.set(key, planTo(route, source));
  }
  return images.map(({ container, name }) => ({ container, ...pinned.get(formatImageName(name))! }));
}

function sayPart({ digest }: ImageReference, { top, platforms }: ImagePart): string {
  return `Only ${platforms.join(', ')} of it: the digest changes from ${digest} to ${top.digest}, which is what is deployed`;
}

function planTo(route: Omit<CopyRequest, 'source'>, source: ImageReference): Omit<PinnedImage, 'container'> {
  const { registry, repository, tags: given } = route.destination;
  const own = source.tag === null ? [] : [source.tag];
  const tags = given.length > 0 ? given : own;
  const copy = { ...route, source, destination: { registry, repository, tags } };
  return { image: { registry, repository, tag: tags[0] ?? null, digest: digestToCopy(copy) }, copy };
}

/** Brings the images to where they are deployed from. */
export async function copyImages(
  images: readonly PinnedImage[],
  client: RegistryClient,
  { record, io }: { readonly record: RunRecord; readonly io: Io },
): Promise<void> {
  for (const request of listCopies(images)) {
    const { image, statistics } = await copyImage(client, request);
    record.copies.push(statistics);
    io.log.info(`deploying ${formatImage(image)}`);
  }
}

/** What has to be copied, each once. */
export function listCopies(images: readonly PinnedImage[]): readonly CopyRequest[] {
  const copies = images.flatMap(({ image, copy }) => (copy ? [[formatImage(image), copy] as const] : []));
  return [...new Map(copies).values()];
}
