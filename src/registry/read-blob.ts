import { readBody } from '../io/http.ts';
import { DeployError } from '../model/errors.ts';
import type { RegistryClient } from './client.ts';
import { type Descriptor, digestLike, MAX_MANIFEST_BYTES } from './manifest.ts';
import { readDocument } from './read-document.ts';
import { pullScopes, type Repository } from './repository.ts';

export interface BlobRead {
  /** Of at most 4 MiB: that it is no longer is checked by the caller, who can say what that means. */
  readonly blob: Descriptor;
  /** Completes "could not …": `read the config of ghcr.io/acme/agent@sha256:…`. */
  readonly what: string;
  readonly signal?: AbortSignal;
}

/**
 * The JSON document that a blob is, as bytes that have its digest.
 * @throws DeployError IMAGE_INVALID where they have another; as any other request
 */
export async function readBlob(
  client: RegistryClient,
  at: Repository,
  { blob, what, signal = client.signal }: BlobRead,
): Promise<Buffer> {
  const { registry } = at;
  const target = `${at.repository}/blobs/${blob.digest}`;
  const bytes = await client.call(
    { what, method: 'GET', registry, target, scopes: pullScopes(at), expect: [200], signal },
    async (response) => {
      const read = await readBody(response, { maxBytes: MAX_MANIFEST_BYTES, timeoutMs: 60_000 });
      if (digestLike(read, blob.digest) !== blob.digest) readDocument(read, { what, registry });
      return read;
    },
  );
  if (digestLike(bytes, blob.digest) === blob.digest) return bytes;
  throw new DeployError(
    'IMAGE_INVALID',
    `could not ${what}: its content has the digest ${digestLike(bytes, blob.digest)}`,
    {
      hint: 'Build and push the image again.',
    },
  );
}
