import { systemClock } from '../src/io/clock.ts';
import { openHttp } from '../src/io/http.ts';
import { openLog } from '../src/io/log.ts';
import { parseImageName, parseRepository } from '../src/model/image.ts';
import { openRegistryClient } from '../src/registry/client.ts';
import { copyImage } from '../src/registry/copy-image.ts';
import { fixedKeychain } from '../src/registry/fixed-keychain.ts';
import { resolveImage } from '../src/registry/resolve-image.ts';

interface Login {
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/**
 * copy-image.ts SOURCE REPOSITORY TAG [referrers]: our own copy in a separate process, as the action does it, with the
 * logins that COPY_LOGINS lists as JSON. The last line is its result as JSON.
 */
const [source = '', repository = '', tag = '', referrers = ''] = process.argv.slice(2);
const logins = JSON.parse(process.env['COPY_LOGINS'] ?? '[]') as readonly Login[];
const client = openRegistryClient({
  http: openHttp(process.env),
  clock: systemClock,
  log: openLog(),
  keychains: logins.map(({ host, ...credentials }) => fixedKeychain(host, credentials)),
  signal: new AbortController().signal,
});
const pinned = await resolveImage(client, parseImageName(source));
const result = await copyImage(client, {
  source: pinned,
  destination: { ...parseRepository(repository), tags: [tag] },
  withReferrers: referrers === 'referrers',
});
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
