/** What proves to a registry who we are. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** What is known of a registry beforehand, for messages and for plans. */
export interface RegistryTraits {
  /** What pulling and pushing need, as the user grants it: `packages: read`. */
  readonly permissions: { readonly pull: string; readonly push: string };
  /** False: a push to a repository that does not exist is refused, unless the registry is set up otherwise. */
  readonly createsRepositories: boolean;
}

/** Finds credentials for a registry's host; null: not mine, ask the next. */
export interface Keychain {
  resolve(registry: string): Promise<RegistryCredentials | null>;
  traits?(registry: string): RegistryTraits | null;
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
    traits(registry) {
      for (const keychain of keychains) {
        const traits = keychain.traits?.(registry);
        if (traits) return traits;
      }
      return null;
    },
  };
}
