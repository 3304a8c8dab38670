import { DeployError } from '../model/errors.ts';
import type { Digest } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import type { Manifest } from './manifest.ts';
import { findDigest, type ManifestLocation, putManifest } from './manifest-transfer.ts';
import { RegistryError } from './registry-error.ts';
import { formatRepository } from './repository.ts';

/**
 * Stores the manifest under a tag, and returns the digest that the tag names then; null: the registry didn't say. An
 * immutable tag that names this digest already is a success.
 * @throws DeployError TAG_IMMUTABLE with both digests
 */
export async function pushTag(
  client: RegistryClient,
  at: ManifestLocation,
  manifest: Manifest,
): Promise<Digest | null> {
  try {
    return await putManifest(client, at, manifest);
  } catch (error) {
    if (!maySayImmutable(error)) throw error;
    const existing = await findDigest(client, at);
    if (existing === manifest.digest) return existing;
    if (existing === null) throw error;
    const tag = `${formatRepository(at)}:${at.reference}`;
    const message = `could not tag ${manifest.digest} as ${tag}: the tag is immutable and names ${existing}`;
    throw new DeployError('TAG_IMMUTABLE', message, {
      hint: 'Push under a new tag (a commit, say), or let tags of this repository be overwritten.',
      cause: error,
    });
  }
}

// Some refuse an identical digest too (moby/buildkit#3776). Statuses and words differ from one to the next.
function maySayImmutable(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || ![400, 403, 405, 409, 412].includes(error.refusal.status)) return false;
  const { codes, text } = error.refusal;
  return codes.includes('TAG_INVALID') || /immutable|cannot be overwritten|already exists/i.test(text);
}
