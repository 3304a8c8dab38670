import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Http } from '../io/http.ts';
import type { ImageName } from '../model/image.ts';
import { registryUrl } from '../registry/registry-address.ts';

/** What is asked first at a registry, at once: what the image's name means, and what the tag names that it is to get. */
const FIRST_REQUESTS = 2;

/**
 * Opens the first connections to the registries of a run, while the service is looked up. The handshakes need nothing from that.
 * Never fails: a registry that can't be reached is told by the first request to it.
 */
export async function connectEarly(
  { images, copyTo }: RegistriesOfRun,
  { openEarly }: Pick<Http, 'openEarly'>,
): Promise<void> {
  const registries = [...images.map(({ name }) => name), ...(copyTo ? [copyTo] : [])].map(({ registry }) => registry);
  for (const registry of new Set(registries)) openEarly(registryUrl(registry), FIRST_REQUESTS);
  // Node begins them in the next turn of its event loop. What is loaded next, such as the library of a cloud, would hold that up.
  await nextTurn();
}

export interface RegistriesOfRun {
  readonly images: readonly { readonly name: Pick<ImageName, 'registry'> }[];
  /** null: the images are deployed from where they are. */
  readonly copyTo: { readonly registry: string } | null;
}
