import type { RegistryClient } from './client.ts';
import { copyBlob } from './copy-blob.ts';
import type { CopyPlan, CopyRequest } from './copy-plan.ts';
import type { CopyProgress } from './copy-progress.ts';
import type { Descriptor } from './manifest.ts';
import { putManifest } from './manifest-transfer.ts';
import { pushScopes } from './repository.ts';
import { MOST_AT_ONCE } from './request-gate.ts';
import { runBounded } from './run-bounded.ts';

const BYTES_PER_PLACE = 4_000_000;
const MOST_PLACES = 6;
/** As many small blobs as there are sockets hide the round trips; ten large ones fill the line, and more only the memory. */
const BLOBS_AT_ONCE = {
  capacity: MOST_AT_ONCE,
  weigh: ({ size }: Descriptor) => Math.min(MOST_PLACES, 1 + Math.floor(size / BYTES_PER_PLACE)),
};

/** Brings over what the top manifest stands for; pushing that itself is left to the caller. */
export async function copyContent(
  client: RegistryClient,
  request: CopyRequest,
  { plan, progress }: { readonly plan: CopyPlan; readonly progress: CopyProgress },
): Promise<void> {
  await runBounded(plan.missing, BLOBS_AT_ONCE, async (blob, signal) => {
    const startedAt = client.clock.now();
    const how = await copyBlob(client, { ...request, signal }, blob);
    progress.note(blob, how, client.clock.now() - startedAt);
  });
  await pushChildren(client, request, plan.levels.slice(1));
}

/** An index is refused while a manifest that it names is not there: the deepest go first. */
async function pushChildren(
  client: RegistryClient,
  { destination }: CopyRequest,
  levels: CopyPlan['levels'],
): Promise<void> {
  const at = { ...destination, scopes: pushScopes(destination) };
  for (const level of [...levels].reverse()) {
    await runBounded(level, { capacity: MOST_AT_ONCE }, async (manifest, signal) => {
      await putManifest(client, { ...at, reference: manifest.digest, signal }, manifest);
    });
  }
}
