// Names are no affair of the machine that a simulation runs on: whether it can resolve them, and how fast, must change nothing.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

const { lookup } = dns;
/** What looks up a name behind a proxy only looks at the address: no connection goes there. */
const PUBLIC = { address: '8.8.8.8', family: 4 };

/** From now on names of other machines have a public address where requests take a proxy, and none where they don't. */
export function answerNames() {
  dns.lookup = (hostname, options, callback = options) => {
    if (isIP(hostname) !== 0 || hostname === 'localhost') return lookup(hostname, options, callback);
    if (!process.env.HTTPS_PROXY) return process.nextTick(callback, notFound(hostname));
    const answer = options.all ? [[PUBLIC]] : [PUBLIC.address, PUBLIC.family];
    process.nextTick(callback, null, ...answer);
  };
  syncBuiltinESMExports();
}

function notFound(hostname) {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', hostname });
}
