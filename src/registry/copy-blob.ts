import { beginUpload, finishUpload, hasBlob, openBlob } from './blob-transfer.ts';
import type { RegistryClient } from './client.ts';
import type { Descriptor } from './manifest.ts';
import { formatRepository, type Repository } from './repository.ts';
import { retryTransient } from './retry-transient.ts';
import { openVerifyingStream } from './verifying-stream.ts';

export interface BlobRoute {
  readonly source: Repository;
  readonly destination: Repository;
  readonly signal: AbortSignal;
}

const STALL_MS = 60_000;

/** Brings one blob over by the cheapest way that works. A cut connection costs this blob only, from its start. */
export async function copyBlob(
  client: RegistryClient,
  route: BlobRoute,
  blob: Descriptor,
): Promise<'copied' | 'mounted' | 'skipped'> {
  const signal = AbortSignal.any([client.signal, route.signal]);
  const attempt = () => tryOnce(client, { ...route, signal }, blob);
  return await retryTransient(attempt, { clock: client.clock, signal, tries: 3, firstDelayMs: 250 });
}

async function tryOnce(client: RegistryClient, route: BlobRoute, blob: Descriptor) {
  const { source, destination, signal } = route;
  // Asked again after a failure: the answer may have been lost, not the blob.
  if (await hasBlob(client, destination, blob, signal)) return 'skipped';
  const mountFrom = source.registry === destination.registry ? source : null;
  const upload = await beginUpload(client, destination, { blob, mountFrom, signal });
  if (upload.kind === 'mounted') return 'mounted';
  const bytes = await openBlob(client, source, blob, signal);
  const what = `copy blob ${blob.digest} from ${formatRepository(source)}`;
  const body = openVerifyingStream(bytes, blob, { what, stallMs: STALL_MS });
  await finishUpload(client, destination, { location: upload.location, blob, body, signal });
  return 'copied';
}
