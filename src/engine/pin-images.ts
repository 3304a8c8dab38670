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

export type PinnedImages = readonly { readonly container: string | null; readonly image: ImageReference }[];

/** Resolves each tag once, and copies the image by digest: from here on only digests are spoken of. */
export async function pinImages(
  { images, copyTo }: ImagesToPin,
  client: RegistryClient,
  context: { readonly record: RunRecord; readonly io: Io },
): Promise<PinnedImages> {
  const pinned = new Map<string, ImageReference>();
  const main = images[0] && formatImageName(images[0].name);
  for (const { name } of images) {
    const key = formatImageName(name);
    if (pinned.has(key)) continue;
    const source = await resolveImage(client, name);
    context.io.log.info(`${key} is ${source.digest}`);
    const goes = copyTo !== null && key === main;
    pinned.set(key, goes ? await copy(source, { client, copyTo, ...context }) : source);
  }
  return images.map(({ container, name }) => ({ container, image: pinned.get(formatImageName(name))! }));
}

async function copy(
  source: ImageReference,
  to: { client: RegistryClient; copyTo: NonNullable<ImagesToPin['copyTo']>; record: RunRecord; io: Io },
): Promise<ImageReference> {
  const destination = { ...to.copyTo, tag: source.tag };
  const { image, statistics } = await copyImage(to.client, { source, destination });
  to.record.copies.push(statistics);
  to.io.log.info(`deploying ${formatImage(image)}`);
  return image;
}
