import { resolveImages } from '../../src/engine/resolve-images.ts';
import { systemClock } from '../../src/io/clock.ts';
import { openHttp } from '../../src/io/http.ts';
import { openLog } from '../../src/io/log.ts';
import { parseImageName, parseRepository } from '../../src/model/image.ts';
import type { Keychain } from '../../src/model/keychain.ts';
import { openRegistryClient } from '../../src/registry/client.ts';
import { copyImage } from '../../src/registry/copy-image.ts';

/**
 * our-copy.ts SOURCE REPOSITORY TAG: our copy in a separate process, in the order in which the action does it. The last
 * line is how long it took inside of the process, where the action's modules are loaded already.
 */
const [source = '', repository = '', tag = ''] = process.argv.slice(2);
/** The registries of the bench stand for those of a cloud, which hash what they store. */
const cloudKeychain: Keychain = {
  label: 'the bench',
  resolve: async () => null,
  traits: () => ({ permissions: { pull: '', push: '' }, createsRepositories: true, verifiesBlobs: true }),
};
const startedAt = performance.now();
const log = openLog();
const client = openRegistryClient({
  http: openHttp(process.env),
  clock: systemClock,
  log,
  keychains: [cloudKeychain],
  signal: new AbortController().signal,
});
const [resolved] = await resolveImages(
  {
    images: [{ container: null, name: parseImageName(source) }],
    copyTo: parseRepository(repository),
    tags: [tag],
    platforms: [],
    copyReferrers: false,
  },
  client,
  { log },
);
await copyImage(client, resolved!.copy!);
process.stdout.write(`in-process ${performance.now() - startedAt} ms\n`);
process.exit(0);
