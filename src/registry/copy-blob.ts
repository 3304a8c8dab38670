import type { BodyWriter } from '../io/http.ts';
import { type RetryPolicy, retryTransient } from '../io/retry-transient.ts';
import { describeError } from '../model/errors.ts';
import { type BlobPart, pumpBlob } from './blob-pump.ts';
import { beginUpload, finishUpload, hasBlob, type OpenUpload, openBlob } from './blob-transfer.ts';
import type { RegistryClient } from './client.ts';
import { verifiesBlobs } from './known-registries.ts';
import { algorithmOf, type Descriptor } from './manifest.ts';
import { RegistryError } from './registry-error.ts';
import { deadlineOf, REGISTRY_RETRIES } from './registry-retries.ts';
import { formatRepository, type Repository } from './repository.ts';
import { sendChunks } from './send-chunks.ts';

export interface BlobRoute {
  readonly source: Repository;
  readonly destination: Repository;
  readonly signal: AbortSignal;
}

const RETRIES: RetryPolicy = { ...REGISTRY_RETRIES, tries: 3, firstDelayMs: 250 };
const STALL_MS = 60_000;

/**
 * Brings a blob over that the destination lacks, mounted if it can be. A connection to the source that breaks costs
 * nothing but the time; one to the destination costs this blob, from its start. SHA-256 is a third of the work, so the first try
 * leaves it to a destination that does it anyway; every other one hashes, and so says whose fault a refusal is.
 */
export async function copyBlob(
  client: RegistryClient,
  route: BlobRoute,
  blob: Descriptor,
): Promise<'copied' | 'mounted' | 'skipped'> {
  const signal = client.until(route.signal);
  const bounded = { ...route, signal };
  let hasFailed = false;
  const attempt = async () => {
    // The answer may have been lost, not the blob.
    if (hasFailed && (await hasBlob(client, route.destination, blob, signal))) return 'skipped';
    const isHashed = hasFailed || !isVerified(client, route, blob);
    hasFailed = true;
    try {
      return await tryEachSize(client, bounded, { blob, isHashed });
    } catch (error) {
      if (isHashed || !(error instanceof RegistryError) || !mayBeOfContent(error)) throw error;
      client.log.debug(`${describeError(error).message}; copying it again, with a hash`);
      return await tryEachSize(client, bounded, { blob, isHashed: true });
    }
  };
  return await retryTransient(attempt, { ...RETRIES, ...deadlineOf(client) }, { clock: client.clock, signal });
}

function isVerified(client: RegistryClient, { destination: { registry } }: BlobRoute, { digest }: Descriptor): boolean {
  return algorithmOf(digest) === 'sha256' && verifiesBlobs(registry, client.traits(registry));
}

interface Copied {
  readonly blob: Descriptor;
  readonly isHashed: boolean;
}

/** Large enough for few requests; what GHCR takes; what nginx takes unless it is told otherwise. */
const CHUNK_SIZES = [20_000_000, 4_000_000, 1_000_000];

/** Whole, and in ever smaller pieces where the registry refuses that. @throws RegistryError of the whole one */
async function tryEachSize(client: RegistryClient, route: BlobRoute, copied: Copied) {
  const { registry } = route.destination;
  let first: RegistryError | null = null;
  for (;;) {
    const chunkBytes = client.chunkBytes.get(registry) ?? Infinity;
    const result = await tryOnce(client, route, { ...copied, chunkBytes });
    if (!(result instanceof RegistryError)) return result;
    first ??= result;
    const smaller = CHUNK_SIZES.find((size) => size < chunkBytes);
    if (smaller === undefined) throw first;
    client.chunkBytes.set(registry, Math.min(smaller, client.chunkBytes.get(registry) ?? smaller));
  }
}

/** A RegistryError: it refused the form of the upload. */
async function tryOnce(
  client: RegistryClient,
  route: BlobRoute,
  { blob, isHashed, chunkBytes }: Copied & { readonly chunkBytes: number },
): Promise<'copied' | 'mounted' | RegistryError> {
  const { source, destination, signal } = route;
  const read = () => openBlob(client, source, { blob, offset: 0, signal });
  const mountFrom = source.registry === destination.registry ? source : null;
  // Both sides are asked at the same time; but what can be mounted is not read.
  const reading = mountFrom ? null : read();
  reading?.catch(() => undefined);
  let part: BlobPart | null = null;
  try {
    const upload = await beginUpload(client, destination, { blob, mountFrom, signal });
    if (upload.kind === 'mounted') return 'mounted';
    part = await (reading ?? read());
    await sendBlob(client, route, { blob, isHashed, part, upload, chunkBytes });
    return 'copied';
  } catch (error) {
    if (part && isOfForm(error, { chunkBytes, isHashed })) return error;
    throw error;
  } finally {
    if (part) part.body.destroy();
    else reading?.then(({ body }) => body.destroy()).catch(() => undefined);
  }
}

/** Of a whole blob: that it is too long, or not cut. In pieces: anything but a refused login. */
function isOfForm(
  error: unknown,
  { chunkBytes, isHashed }: { readonly chunkBytes: number; readonly isHashed: boolean },
): error is RegistryError {
  if (!(error instanceof RegistryError) || error.retryable) return false;
  if (error.code === 'AUTH_FAILED' || error.code === 'PERMISSION_DENIED') return false;
  if (!isHashed && mayBeOfContent(error)) return false;
  const { status, codes } = error.refusal;
  return chunkBytes < Infinity || ([400, 411, 413, 416].includes(status) && !codes.includes('DIGEST_INVALID'));
}

/** Registries have several words for a digest that is not the announced one. */
function mayBeOfContent({ refusal: { status, codes } }: RegistryError): boolean {
  return codes.includes('DIGEST_INVALID') || [400, 409, 422].includes(status);
}

interface Sending extends Copied {
  readonly part: BlobPart;
  readonly upload: OpenUpload;
  readonly chunkBytes: number;
}

async function sendBlob(
  client: RegistryClient,
  { source, destination, signal }: BlobRoute,
  { blob, isHashed, part, upload, chunkBytes }: Sending,
): Promise<void> {
  let first: BlobPart | null = part;
  const origin = {
    blob,
    isHashed,
    what: `copy blob ${blob.digest} from ${formatRepository(source)}`,
    async open(offset: number, until: AbortSignal): Promise<BlobPart> {
      const next = first ?? (await openBlob(client, source, { blob, offset, signal: until, isWithin: true }));
      first = null;
      return next;
    },
    stallMs: STALL_MS,
    clock: client.clock,
    signal,
  };
  const body: BodyWriter = (outgoing, onChunk) => pumpBlob(origin, outgoing, onChunk);
  if (chunkBytes < Infinity) await sendChunks(client, destination, { upload, blob, body, chunkBytes, signal });
  else await finishUpload(client, destination, { location: upload.location, blob, body, signal });
}
