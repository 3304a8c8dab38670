import type { Keychain, RegistryTraits } from '../model/keychain.ts';

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
    },
  ],
]);

/** What the keychains' clouds, or we ourselves, know of a registry; null: nothing. */
export function findTraits(registry: string, keychains: readonly Keychain[]): RegistryTraits | null {
  for (const keychain of keychains) {
    const traits = keychain.traits?.(registry);
    if (traits) return traits;
  }
  return KNOWN.get(registry) ?? null;
}
