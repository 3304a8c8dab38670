import type { BodyWriter } from '../io/http.ts';
import { type RetryPolicy, retryTransient } from '../io/retry-transient.ts';
import { type BlobPart, pumpBlob } from './blob-pump.ts';
import { beginUpload, finishUpload, hasBlob, openBlob } from './blob-transfer.ts';
import type { RegistryClient } from './client.ts';
import type { Descriptor } from './manifest.ts';
import { REGISTRY_RETRIES } from './registry-retries.ts';
import { formatRepository, type Repository } from './repository.ts';

export interface BlobRoute {
  readonly source: Repository;
  readonly destination: Repository;
  readonly signal: AbortSignal;
}

const RETRIES: RetryPolicy = { ...REGISTRY_RETRIES, tries: 3, firstDelayMs: 250 };
const STALL_MS = 60_000;

/**
 * Brings a blob over that the destination lacks, mounted if it can be. A connection to the source that breaks costs
 * nothing but the time; one to the destination costs this blob, from its start.
 */
export async function copyBlob(
  client: RegistryClient,
  route: BlobRoute,
  blob: Descriptor,
): Promise<'copied' | 'mounted' | 'skipped'> {
  const signal = client.until(route.signal);
  let hasFailed = false;
  const attempt = async () => {
    // The answer may have been lost, not the blob.
    if (hasFailed && (await hasBlob(client, route.destination, blob, signal))) return 'skipped';
    hasFailed = true;
    return await tryOnce(client, { ...route, signal }, blob);
  };
  return await retryTransient(attempt, RETRIES, { clock: client.clock, signal });
}

async function tryOnce(client: RegistryClient, route: BlobRoute, blob: Descriptor) {
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
    await sendBlob(client, route, { blob, part, location: upload.location });
    return 'copied';
  } finally {
    if (part) part.body.destroy();
    else reading?.then(({ body }) => body.destroy()).catch(() => undefined);
  }
}

async function sendBlob(
  client: RegistryClient,
  { source, destination, signal }: BlobRoute,
  { blob, part, location }: { readonly blob: Descriptor; readonly part: BlobPart; readonly location: URL },
): Promise<void> {
  let first: BlobPart | null = part;
  const origin = {
    blob,
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
  await finishUpload(client, destination, { location, blob, body, signal });
}
