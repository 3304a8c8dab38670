import { type BodyWriter, type HttpResponse, readBody } from '../io/http.ts';
import { freeReads } from '../io/socket-reads.ts';
import { describeError } from '../model/errors.ts';
import type { BlobPart } from './blob-pump.ts';
import type { RegistryClient } from './client.ts';
import { verifiesBlobs } from './known-registries.ts';
import type { Descriptor } from './manifest.ts';
import { formatRepository, pullScopes, pushScopes, type Repository } from './repository.ts';
import { parseUploadLocation, withDigest } from './upload-location.ts';

export type Upload = { readonly kind: 'mounted' } | OpenUpload;

export interface OpenUpload {
  readonly kind: 'open';
  readonly location: URL;
  /** The registry takes no shorter piece, save for the last. */
  readonly minChunkBytes: number;
}

// A registry may hash and move many gigabytes between the last byte and its answer.
const COMMIT_TIMEOUT_MS = 300_000;
// What a mount spares is worth one more try; without it, the blob is sent.
const MOUNT_TRIES = 2;
// For how long a token has to last: an ordinary runner is ten times as fast.
const SLOW_BYTES_PER_SECOND = 5_000_000;

export async function hasBlob(
  client: RegistryClient,
  at: Repository,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<boolean> {
  const call = { what: `look up blob ${blob.digest} in ${formatRepository(at)}`, registry: at.registry, signal };
  // Forbidden: some say so to a HEAD in a repository that does not exist; the push then says why.
  return await client.call(
    { ...call, method: 'HEAD', target: blobPath(at, blob), scopes: pushScopes(at), expect: [200, 403, 404, 405] },
    async (response) => {
      response.body.resume();
      return response.status === 200;
    },
  );
}

/** Opens an upload; `mountFrom`: a repository of the same registry that the blob may be mounted from, which then needs no upload. */
export async function beginUpload(
  client: RegistryClient,
  at: Repository,
  request: { readonly blob: Descriptor; readonly mountFrom: Repository | null; readonly signal: AbortSignal },
): Promise<Upload> {
  if (!request.mountFrom) return await postUpload(client, at, { ...request, query: '', scopes: pushScopes(at) });
  const query = `?mount=${encodeURIComponent(request.blob.digest)}&from=${encodeURIComponent(request.mountFrom.repository)}`;
  const scopes = [...pushScopes(at), ...pullScopes(request.mountFrom)];
  try {
    const upload = await postUpload(client, at, { ...request, query, scopes });
    if (upload.kind === 'open' || isTrusted(client, at)) return upload;
    // Registries that pass pulls through answer 201 for a blob that they have never stored.
    if (await hasBlob(client, at, request.blob, request.signal)) return upload;
    client.log.debug(`could not mount ${request.blob.digest}: ${at.registry} said that it did, and does not show it`);
  } catch (error) {
    client.until(request.signal).throwIfAborted();
    // Artifactory and Docker Hub refuse some mounts instead of opening an upload (go-containerregistry#1741), and a token
    // service may give no token for two repositories. A failure that an upload has too comes again there.
    client.log.debug(`could not mount ${request.blob.digest}: ${describeError(error).message}`);
  }
  return await postUpload(client, at, { ...request, query: '', scopes: pushScopes(at) });
}

/** Where what is stored is verified, a manifest that names a blob which isn't there is refused, and the copy then looks it up. */
function isTrusted(client: RegistryClient, { registry }: Repository): boolean {
  return verifiesBlobs(registry, client.traits(registry)) && !client.doubted.has(registry);
}

/**
 * The blob's bytes, unchecked, from `offset` on; a registry that knows no Range sends all. The body has to be read to its
 * end or destroyed.
 */
export async function openBlob(
  client: RegistryClient,
  at: Repository,
  wanted: {
    readonly blob: Descriptor;
    readonly offset: number;
    readonly signal: AbortSignal;
    /** True: for an upload that is under way and waits for it. */
    readonly isWithin?: boolean;
  },
): Promise<BlobPart> {
  const { blob, offset, signal, isWithin = false } = wanted;
  const call = { what: `read blob ${blob.digest} from ${formatRepository(at)}`, registry: at.registry, signal };
  const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
  return await client.call(
    {
      ...call,
      method: 'GET',
      target: blobPath(at, blob),
      scopes: pullScopes(at),
      headers,
      isWithin,
      expect: offset === 0 ? [200] : [200, 206],
    },
    async ({ status, headers: received, body }) => {
      freeReads(body);
      return { start: status === 206 ? startOf(received['content-range'], offset) : 0, body };
    },
  );
}

/** Some send more than was asked for: from the start of a block, or all of it. Without a range, it is the one that was asked for. */
function startOf(range: string | undefined, offset: number): number {
  const start = /^bytes (\d{1,15})-/.exec(range ?? '')?.[1];
  return start === undefined ? offset : Number(start);
}

/** Sends what `body` writes in one request, as fast as the registry takes it. */
export async function finishUpload(
  client: RegistryClient,
  at: Repository,
  upload: {
    readonly location: URL;
    readonly blob: Descriptor;
    readonly body: BodyWriter;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { blob, body, signal } = upload;
  await client.call(
    {
      what: `push blob ${blob.digest} to ${formatRepository(at)}`,
      method: 'PUT',
      registry: at.registry,
      target: withDigest(upload.location, blob.digest),
      scopes: pushScopes(at),
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
      body,
      expect: [201, 204],
      timeoutMs: COMMIT_TIMEOUT_MS,
      lastsMs: (blob.size / SLOW_BYTES_PER_SECOND) * 1000,
      signal,
    },
    readToEnd,
  );
}

function blobPath(at: Repository, blob: Descriptor): string {
  return `${at.repository}/blobs/${blob.digest}`;
}

async function postUpload(
  client: RegistryClient,
  at: Repository,
  request: {
    readonly blob: Descriptor;
    readonly query: string;
    readonly scopes: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<Upload> {
  const { blob, scopes, signal } = request;
  const call = { what: `push blob ${blob.digest} to ${formatRepository(at)}`, registry: at.registry, scopes, signal };
  return await client.call(
    {
      ...call,
      method: 'POST',
      target: `${at.repository}/blobs/uploads/${request.query}`,
      headers: { 'content-length': '0' },
      ...(request.query === '' ? {} : { tries: MOUNT_TRIES }),
      expect: request.query === '' ? [202] : [201, 202],
    },
    async (response, url): Promise<Upload> => {
      await readToEnd(response);
      return response.status === 201
        ? { kind: 'mounted' }
        : {
            kind: 'open',
            location: parseUploadLocation(response.headers.location, url, at),
            minChunkBytes: parseMinimum(response.headers['oci-chunk-min-length']),
          };
    },
  );
}

function parseMinimum(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 0;
}

export async function readToEnd(response: HttpResponse): Promise<void> {
  await readBody(response, { maxBytes: 65_536, timeoutMs: 30_000 });
}
