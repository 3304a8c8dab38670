import type { Keychain, RegistryTraits } from '../model/keychain.ts';
import { registryUrl } from './registry-address.ts';

/** Registries that belong to no cloud. */
const KNOWN: ReadonlyMap<string, RegistryTraits> = new Map([
  [
    'ghcr.io',
    {
      permissions: {
        pull: '`packages: read` (in the permissions of the job, and read access of this repository in the settings of the package)',
        push: '`packages: write` (in the permissions of the job, and write access of this repository in the settings of the package)',
      },
      createsRepositories: true,
      pushNeedsLogin: true,
    },
  ],
]);

/** The hosts of their token services, beside the registry's own. */
const TOKEN_HOSTS: ReadonlyMap<string, readonly string[]> = new Map([
  // https://distribution.github.io/distribution/spec/auth/token/
  ['registry-1.docker.io', ['auth.docker.io']],
  ['ghcr.io', []],
  ['quay.io', []],
  // https://docs.gitlab.com/administration/packages/container_registry/
  ['registry.gitlab.com', ['gitlab.com']],
]);

/**
 * Those that refuse a blob whose content has another digest, as people saw them do. The specification leaves it to the registry
 * ("MAY verify none or all of them"), so all others get only what was hashed here.
 */
const VERIFYING: ReadonlySet<string> = new Set([
  'ghcr.io', // containers/skopeo#1239
  'registry-1.docker.io', // oras-project/rust-oci-client#78
]);

/** Whether the registry itself finds a blob that was altered or damaged. `traits`: what `findTraits` has of it. */
export function verifiesBlobs(registry: string, traits: RegistryTraits | null): boolean {
  return traits?.verifiesBlobs ?? VERIFYING.has(registryUrl(registry).host);
}

/** Where else than at its own host such a registry is logged in to; null: nothing is known of it. */
export function findTokenHosts(registry: string, keychains: readonly Keychain[]): readonly string[] | null {
  return findTraits(registry, keychains)?.tokenHosts ?? TOKEN_HOSTS.get(registryUrl(registry).host) ?? null;
}

/** What the keychains' clouds, or we ourselves, know of a registry; null: nothing. */
export function findTraits(registry: string, keychains: readonly Keychain[]): RegistryTraits | null {
  for (const keychain of keychains) {
    const traits = keychain.traits?.(registry);
    if (traits) return traits;
  }
  return KNOWN.get(registry) ?? null;
}
