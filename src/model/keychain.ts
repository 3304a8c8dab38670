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
  /** The hosts of its token service beside its own; absent: they are not known. */
  readonly tokenHosts?: readonly string[];
}

/** One source of credentials for registries. */
export interface Keychain {
  /** As an error names it: `the docker login`. */
  readonly label: string;
  /** True: for a registry that it has credentials for, no other keychain is asked. */
  readonly isExclusive?: boolean;
  /**
   * By the registry's host; null: it has no credentials for it.
   * @throws DeployError AUTH_FAILED or PERMISSION_DENIED when it gets none: the next keychain is asked
   */
  resolve(registry: string): Promise<RegistryCredentials | null>;
  traits?(registry: string): RegistryTraits | null;
}
