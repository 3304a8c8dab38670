import type { Io } from '../io/io.ts';
import type { ImageName, ImageReference } from '../model/image.ts';
import { formatImage, formatImageName } from '../model/image.ts';
import type { RunRecord } from '../model/outcome.ts';
import type { RegistryClient } from '../registry/client.ts';
import { copyImage } from '../registry/copy-image.ts';
import { resolveImage } from '../registry/resolve-image.ts';

export interface ImagesToPin {
  readonly images: readonly { readonly container: string | null; readonly name: ImageName }[];
  /** Where the first image goes before it is deployed; null: it is deployed from where it is. */
  readonly copyTo: { readonly registry: string; readonly repository: string } | null;
}

export interface PinnedImage {
  readonly container: string | null;
  /** What is deployed. */
  readonly image: ImageReference;
  /** Where `image` comes from; null: it is there already, nothing is copied. */
  readonly copiedFrom: ImageReference | null;
}

/** Resolves each tag once: from here on only digests are spoken of. Nothing is copied yet. */
export async function pinImages(
  { images, copyTo }: ImagesToPin,
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
    const { tag, digest } = source;
    pinned.set(
      key,
      goes ? { image: { ...copyTo, tag, digest }, copiedFrom: source } : { image: source, copiedFrom: null },
    );
  }
  return images.map(({ container, name }) => ({ container, ...pinned.get(formatImageName(name))! }));
}

/** Brings the images to where they are deployed from. */
export async function copyImages(
  images: readonly PinnedImage[],
  client: RegistryClient,
  { record, io }: { readonly record: RunRecord; readonly io: Io },
): Promise<void> {
  for (const { source, destination } of listCopies(images)) {
    const { image, statistics } = await copyImage(client, { source, destination });
    record.copies.push(statistics);
    io.log.info(`deploying ${formatImage(image)}`);
  }
}

/** What has to be copied, each once. */
export function listCopies(images: readonly PinnedImage[]) {
  const copies = images.flatMap(({ image, copiedFrom }) =>
    copiedFrom ? [[formatImage(image), { source: copiedFrom, destination: image }] as const] : [],
  );
  return [...new Map(copies).values()];
}
