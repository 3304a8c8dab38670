import type { Keychain, RegistryCredentials } from '../model/keychain.ts';
import { isDockerHub } from './registry-address.ts';

/** One pair of credentials for one registry. */
export function fixedKeychain(registry: string, credentials: RegistryCredentials): Keychain {
  return {
    async resolve(asked) {
      const same = asked === registry || (isDockerHub(asked) && isDockerHub(registry));
      return same ? credentials : null;
    },
  };
}
