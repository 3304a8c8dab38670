import { createHash } from 'node:crypto';

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface StoredBlob {
  readonly digest: string;
  readonly bytes: Buffer;
}

export interface Repository {
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
  /** Digests that may be read through this repository; the bytes are the registry's. */
  readonly blobs: Set<string>;
}

/** What a registry holds. A blob is stored once, however many repositories show it. */
export interface Repositories {
  readonly byName: Map<string, Repository>;
  readonly blobs: Map<string, Buffer>;
}

export function emptyRepositories(): Repositories {
  return { byName: new Map(), blobs: new Map() };
}

export function ensureRepository(repositories: Repositories, name: string): Repository {
  const found = repositories.byName.get(name);
  if (found) return found;
  const created = emptyRepository();
  repositories.byName.set(name, created);
  return created;
}

export function emptyRepository(): Repository {
  return { manifests: new Map(), tags: new Map(), blobs: new Set() };
}

export function storeBlob(repositories: Repositories, repository: Repository, blob: StoredBlob): void {
  repositories.blobs.set(blob.digest, blob.bytes);
  repository.blobs.add(blob.digest);
}

/** By tag or by digest. */
export function findManifest(repository: Repository, reference: string): StoredManifest | null {
  const digest = reference.includes(':') ? reference : repository.tags.get(reference);
  return (digest === undefined ? undefined : repository.manifests.get(digest)) ?? null;
}

/** The registered algorithms: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#registered-algorithms */
const ALGORITHMS = new Set(['sha256', 'sha512']);

/** Of these bytes by the algorithm that another digest names; null: by none that a registry has to know. */
export function digestLike(other: string, bytes: Buffer): string | null {
  const algorithm = other.slice(0, Math.max(0, other.indexOf(':')));
  if (!ALGORITHMS.has(algorithm)) return null;
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
