import type { LookupFunction } from 'node:net';
import { DeployError } from '../model/errors.ts';

/** What of a request says where it goes. */
export interface Destination {
  readonly url: URL;
  /** Resolves the host, and may refuse what it finds. */
  readonly lookup?: LookupFunction;
}

const LONGEST_LOOKUP_MS = 2_000;

/**
 * A proxy resolves names itself, so the agents call no `lookup`. This checks what the same name stands for here, as far as
 * this machine knows it; that the proxy gets the same answer is not certain. `say` gets one line in a run where it can't.
 */
export function openProxiedHosts(say: (message: string) => void): (destination: Destination) => Promise<void> {
  const known = new Map<LookupFunction, Map<string, Promise<boolean>>>();
  let isSaid = false;
  return async ({ url, lookup }) => {
    if (!lookup) return;
    const hosts = known.get(lookup) ?? new Map<string, Promise<boolean>>();
    known.set(lookup, hosts);
    const check = hosts.get(url.hostname) ?? isResolved(url, lookup);
    hosts.set(url.hostname, check);
    if ((await check) || isSaid) return;
    isSaid = true;
    say(
      `Requests take a proxy, and this runner can't resolve ${url.hostname}: only the proxy can check where it leads.`,
    );
  };
}

/** False: not within the time, or not at all. @throws DeployError of the lookup */
async function isResolved({ hostname }: URL, lookup: LookupFunction): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), LONGEST_LOOKUP_MS);
  lookup(hostname.replace(/^\[|\]$/g, ''), { all: true }, (error) => {
    if (error instanceof DeployError) reject(error);
    else resolve(error === null);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
