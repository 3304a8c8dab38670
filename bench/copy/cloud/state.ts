import { type BenchBlob, type BenchImage, type BenchManifest, buildBenchImages } from '../bench-images.ts';

export type Cut = 'none' | 'upload' | 'download';

export interface Repository {
  readonly manifests: Map<string, BenchManifest>;
  readonly tags: Map<string, string>;
  readonly blobs: Set<string>;
}

/** What the registry holds, and what it was asked since it was last looked at. */
export interface State {
  readonly repositories: Map<string, Repository>;
  readonly uploads: Map<string, { bytes: number }>;
  readonly cut: Cut;
  readonly alreadyCut: Set<string>;
  requests: number;
  received: number;
  sent: number;
}

const images = buildBenchImages();
/** All that there is to push or to pull, by digest. */
export const knownBlobs: ReadonlyMap<string, BenchBlob> = new Map(
  images.flatMap((image) => image.blobs).map((blob) => [blob.digest, blob]),
);
export const knownManifests: readonly BenchManifest[] = images.flatMap(({ manifests }) => manifests);

export function openState({ isSeeded, cut }: { readonly isSeeded: boolean; readonly cut: Cut }): State {
  const repositories = new Map(isSeeded ? images.map((image) => [`bench/${image.name}`, seed(image)]) : []);
  const counters = { requests: 0, received: 0, sent: 0 };
  return { repositories, uploads: new Map(), cut, alreadyCut: new Set(), ...counters };
}

/** Made where it is not there yet, as at a first push. */
export function ensureRepository({ repositories }: State, name: string): Repository {
  const held = repositories.get(name) ?? { manifests: new Map(), tags: new Map(), blobs: new Set() };
  repositories.set(name, held);
  return held;
}

/** The first transfer of each large blob, as a proxy or a balancer that restarts does it. */
export function takeCut(state: State, which: Cut, { digest, size }: BenchBlob): boolean {
  if (state.cut !== which || size < 1_000_000 || state.alreadyCut.has(digest)) return false;
  state.alreadyCut.add(digest);
  return true;
}

function seed(image: BenchImage): Repository {
  return {
    manifests: new Map(image.manifests.map((manifest) => [manifest.digest, manifest])),
    tags: new Map([['v1', image.digest]]),
    blobs: new Set(image.blobs.map(({ digest }) => digest)),
  };
}
