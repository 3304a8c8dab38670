import type { Keychain, RegistryCredentials } from '../model/keychain.ts';
import { isDockerHub } from './registry-address.ts';

/** The credentials that the step's inputs give for one registry. */
export function fixedKeychain(registry: string, credentials: RegistryCredentials): Keychain {
  return {
    label: 'registry-username and registry-password',
    isExclusive: true,
    async resolve(asked) {
      const same = asked === registry || (isDockerHub(asked) && isDockerHub(registry));
      return same ? credentials : null;
    },
  };
}
