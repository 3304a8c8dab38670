import { type ImageRequest, resolveImages } from '../../src/engine/resolve-images.ts';
import { systemClock } from '../../src/io/clock.ts';
import type { Http } from '../../src/io/http.ts';
import { openLog } from '../../src/io/log.ts';
import type { Keychain } from '../../src/model/keychain.ts';
import { openRegistryClient } from '../../src/registry/client.ts';
import { copyImage } from '../../src/registry/copy-image.ts';

/** The registries of the bench stand for those of a cloud, which hash what they store. */
const cloudKeychain: Keychain = {
  label: 'the bench',
  resolve: async () => null,
  traits: () => ({ permissions: { pull: '', push: '' }, createsRepositories: true, verifiesBlobs: true }),
};

export async function resolveAndCopy(request: ImageRequest, http: Http): Promise<void> {
  const log = openLog();
  const client = openRegistryClient({
    http,
    clock: systemClock,
    log,
    keychains: [cloudKeychain],
    signal: new AbortController().signal,
  });
  const [resolved] = await resolveImages(request, client, { log });
  await copyImage(client, resolved!.copy!);
}
