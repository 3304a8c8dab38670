import type { LookupFunction } from 'node:net';
import { guardedLookup, isPrivateAddress, publicLookup } from '../io/address-guard.ts';
import { DeployError } from '../model/errors.ts';
import type { Keychain } from '../model/keychain.ts';
import { findTokenHosts } from './known-registries.ts';
import { bareHost, ensureSafeUrl, isLoopback, registryUrl } from './registry-address.ts';

/** The token services of registries, each as the registry named it first in this run. */
export interface TokenRealms {
  /**
   * The realm of a challenge that the registry itself sent.
   * @throws DeployError REGISTRY_FAILED for one that is not safe to send credentials to
   */
  admit(registry: string, realm: string): URL;
}

export function openTokenRealms(keychains: readonly Keychain[]): TokenRealms {
  const origins = new Map<string, string>();
  return {
    admit(registry, text) {
      const realm = parseRealm(text, registry);
      ensureSafeUrl(realm, registry);
      const problem = findProblem(realm, { registry, keychains });
      if (problem !== null) throw refusal(registry, `${realm.host} is ${problem}`);
      // Paths may differ: some registries have one for each repository.
      const first = origins.get(registry) ?? realm.origin;
      if (realm.origin !== first) throw refusal(registry, `its token service changed from ${first} to ${realm.origin}`);
      origins.set(registry, first);
      return realm;
    },
  };
}

/** Only the registry's own host may have a private address: another one gets no request of ours, let alone a password. */
export function lookupFor(realm: URL, registry: string): LookupFunction {
  return isOwnHost(realm, registry) || isLoopback(realm) ? guardedLookup : publicLookup;
}

function findProblem(
  realm: URL,
  { registry, keychains }: { readonly registry: string; readonly keychains: readonly Keychain[] },
): string | null {
  const known = findTokenHosts(registry, keychains);
  if (known)
    return [registryUrl(registry).host, ...known].includes(realm.host) ? null : 'not one of its token services';
  if (isOwnHost(realm, registry) || isLoopback(realm)) return null;
  return isPrivateAddress(bareHost(realm)) ? 'a private address' : null;
}

function isOwnHost(realm: URL, registry: string): boolean {
  return bareHost(realm) === bareHost(registryUrl(registry));
}

function parseRealm(text: string, registry: string): URL {
  const realm = URL.parse(text);
  if (realm) return realm;
  throw refusal(registry, 'its token realm is not a URL');
}

function refusal(registry: string, why: string): DeployError {
  return new DeployError('REGISTRY_FAILED', `could not log in to ${registry}: ${why}`, {
    hint: `Check that ${registry} is the registry you mean: its login was not sent.`,
  });
}
