import { type HttpResponse, readBody } from '../io/http.ts';
import { DeployError } from '../model/errors.ts';
import type { Digest } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import { digestOf, MANIFEST_TYPES, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from './manifest.ts';
import { readDocument } from './read-document.ts';
import { formatRepository, type Repository } from './repository.ts';

export interface ManifestLocation extends Repository {
  /** A tag or a digest. */
  readonly reference: string;
  readonly scopes: readonly string[];
  readonly signal?: AbortSignal;
  /** Of each of its calls; default: as many as a call has. */
  readonly tries?: number;
}

const DIGEST_HEADER = 'docker-content-digest';
const ACCEPT = { accept: MANIFEST_TYPES.join(', ') };

/** What the tag names, or the digest itself if it is there; null: not there. One HEAD where the registry is good. */
export async function findDigest(client: RegistryClient, at: ManifestLocation): Promise<Digest | null> {
  // A HEAD has no body to say why: forbidden, it may still be "no such repository", which a GET tells.
  const head = await client.call(
    { ...callFor('look up', at), method: 'HEAD', headers: ACCEPT, expect: [200, 400, 403, 404, 405] },
    async (response) => {
      response.body.resume();
      return { status: response.status, digest: parseDigest(response) };
    },
  );
  if (head.status === 404) return null;
  if (head.status === 200 && head.digest) return head.digest;
  const got = await client.call(
    { ...callFor('look up', at), method: 'GET', headers: ACCEPT, expect: [200, 404] },
    async (response) => {
      const bytes = await readBounded(response, at);
      if (response.status === 200 && !isFromRegistry(response)) readDocument(bytes, callFor('look up', at));
      return { status: response.status, bytes };
    },
  );
  return got.status === 404 ? null : digestOf(got.bytes);
}

/**
 * Does the registry have it? A HEAD first, which is not counted as a pull.
 * @throws RegistryError IMAGE_NOT_FOUND where it says that the manifest is unknown; whatever else it refuses with
 */
export async function hasManifest(client: RegistryClient, at: ManifestLocation): Promise<boolean> {
  const head = {
    ...callFor('look up', at),
    method: 'HEAD',
    headers: ACCEPT,
    expect: [200, 400, 403, 404, 405],
  } as const;
  const status = await client.call(head, async (response) => {
    response.body.resume();
    return response.status;
  });
  return status === 200 || (await readManifest(client, at, [200])) !== null;
}

/**
 * What the name stands for now; null: it is not there. It is read, not only looked up: a deploy needs what it says, and
 * reading it at once spares a round trip.
 * @throws DeployError IMAGE_INVALID
 */
export async function pinManifest(client: RegistryClient, at: ManifestLocation): Promise<Digest | null> {
  const read = await readManifest(client, at);
  if (read === null) return null;
  client.resolved.set(keyOf({ ...at, reference: read.digest }), read);
  return read.digest;
}

/**
 * The manifest with this digest; its bytes are checked against it.
 * @throws DeployError IMAGE_NOT_FOUND, IMAGE_INVALID
 */
export async function getManifest(
  client: RegistryClient,
  at: ManifestLocation & { readonly reference: Digest },
): Promise<Manifest> {
  const read = client.resolved.get(keyOf(at)) ?? (await readManifest(client, at));
  if (read === null) throw missing(format(at));
  if (digestOf(read.bytes) !== at.reference) throw changed(at);
  return parseManifest(read.bytes, read.contentType, format(at));
}

function keyOf(at: ManifestLocation): string {
  return `${formatRepository(at)}@${at.reference}`;
}

async function readManifest(client: RegistryClient, at: ManifestLocation, expect: readonly number[] = [200, 404]) {
  return await client.call({ ...callFor('read', at), method: 'GET', headers: ACCEPT, expect }, async (response) => {
    const bytes = await readBounded(response, at);
    if (response.status === 404) return null;
    const digest = digestOf(bytes);
    if (!isFromRegistry(response)) readDocument(bytes, callFor('read', at));
    if (digest !== (parseDigest(response) ?? digest)) throw changed(at);
    return { digest, bytes, contentType: response.headers['content-type'] ?? '' };
  });
}

/** By the headers: whatever is in such a body is the registry's, and reading it again would not change it. */
function isFromRegistry(response: HttpResponse): boolean {
  const type = response.headers['content-type']?.split(';')[0]?.trim() ?? '';
  return parseDigest(response) !== null || MANIFEST_TYPES.includes(type);
}

function changed(at: ManifestLocation): DeployError {
  return new DeployError('IMAGE_INVALID', `could not read ${format(at)}: the registry sent something else`, {
    hint: 'Something between here and the registry changes its answers: check the proxy and the registry.',
  });
}

function missing(what: string): DeployError {
  return new DeployError('IMAGE_NOT_FOUND', `could not read ${what}: it is not there`, {
    hint: 'Build and push the image again: the registry has lost a part of it, or it was deleted meanwhile.',
  });
}

/** Returns the digest under which it is stored; null: the registry didn't say. */
export async function putManifest(
  client: RegistryClient,
  at: ManifestLocation,
  manifest: Manifest,
): Promise<Digest | null> {
  return (await put(client, at, manifest)).digest;
}

/** True: the registry lists it among the referrers of its subject. False: whoever pushes has to keep a list. */
export async function putReferrer(client: RegistryClient, at: ManifestLocation, manifest: Manifest): Promise<boolean> {
  return (await put(client, at, manifest)).subject !== undefined;
}

async function put(client: RegistryClient, at: ManifestLocation, manifest: Manifest) {
  return await client.call(
    {
      ...callFor('push', at),
      method: 'PUT',
      headers: { 'content-type': manifest.mediaType },
      body: manifest.bytes,
      expect: [200, 201, 202],
    },
    async (response) => {
      await readBody(response, { maxBytes: 65_536, timeoutMs: 30_000 });
      const digest = parseDigest(response);
      if (digest === null || digest === manifest.digest) return { digest, subject: response.headers['oci-subject'] };
      throw new DeployError('REGISTRY_FAILED', `could not push ${format(at)}: the registry stored it as ${digest}`, {
        hint: 'The registry changes manifests, so a digest does not name what was built: use another registry.',
      });
    },
  );
}

function callFor(verb: string, at: ManifestLocation) {
  return {
    what: `${verb} ${format(at)}`,
    registry: at.registry,
    target: `${at.repository}/manifests/${at.reference}`,
    scopes: at.scopes,
    ...(at.signal ? { signal: at.signal } : {}),
    ...(at.tries ? { tries: at.tries } : {}),
  };
}

function format(at: ManifestLocation): string {
  return `${formatRepository(at)}${at.reference.includes(':') ? '@' : ':'}${at.reference}`;
}

function parseDigest(response: HttpResponse): Digest | null {
  const header = response.headers[DIGEST_HEADER];
  return typeof header === 'string' && /^sha256:[a-f0-9]{64}$/.test(header) ? (header as Digest) : null;
}

async function readBounded(response: HttpResponse, at: ManifestLocation): Promise<Buffer> {
  if (Number(response.headers['content-length'] ?? 0) > MAX_MANIFEST_BYTES) {
    response.body.destroy();
    throw new DeployError('IMAGE_INVALID', `could not read ${format(at)}: its manifest is larger than 4 MiB`, {
      hint: 'Check that this is a container image.',
    });
  }
  return await readBody(response, { maxBytes: MAX_MANIFEST_BYTES, timeoutMs: 60_000 });
}
