/** What proves to a registry who we are. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** Finds credentials for a registry's host; null: not mine, ask the next. */
export interface Keychain {
  resolve(registry: string): Promise<RegistryCredentials | null>;
}

/** Asks each in turn; the first that knows the host answers. */
export function firstKeychain(...keychains: readonly Keychain[]): Keychain {
  return {
    async resolve(registry) {
      for (const keychain of keychains) {
        const credentials = await keychain.resolve(registry);
        if (credentials) return credentials;
      }
      return null;
    },
  };
}
