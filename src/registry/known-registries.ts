import type { Keychain, RegistryTraits } from '../model/keychain.ts';

/** Registries that belong to no cloud. */
const KNOWN: Readonly<Record<string, RegistryTraits>> = {
  'ghcr.io': {
    permissions: {
      pull: '`packages: read` (in the permissions of the job, and read access of this repository in the settings of the package)',
      push: '`packages: write` (in the permissions of the job, and write access of this repository in the settings of the package)',
    },
    createsRepositories: true,
  },
};

/** What the keychain's clouds, or we ourselves, know of a registry; null: nothing. */
export function findTraits(registry: string, keychain: Keychain): RegistryTraits | null {
  return keychain.traits?.(registry) ?? KNOWN[registry] ?? null;
}
