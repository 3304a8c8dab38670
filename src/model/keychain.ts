/** What proves to a registry who we are. */
export interface RegistryCredentials {
  /** Or `IDENTITY_TOKEN_USER`. */
  readonly username: string;
  readonly password: string;
}

/** As docker's credential helpers have it: the user name that says that the password is an identity token. */
export const IDENTITY_TOKEN_USER = '<token>';

/** Such a token is exchanged at the registry's token service, and is of no use in the place of a password. */
export function isIdentityToken({ username }: RegistryCredentials): boolean {
  return username === IDENTITY_TOKEN_USER;
}

/** What is known of a registry beforehand, for messages and for plans. */
export interface RegistryTraits {
  /** What pulling and pushing need, as the user grants it: `packages: read`. */
  readonly permissions: {
    readonly pull: string;
    readonly push: string;
    /** Of the first pull from a pull-through cache; absent: it has none. */
    readonly cache?: string;
  };
  /** The next step after a denial that says what denies it; null: this one does not. Absent: its denials never do. */
  readonly denialHint?: (text: string) => string | null;
  /** False: a push to a repository that does not exist is refused, unless the registry is set up otherwise. */
  readonly createsRepositories: boolean;
  /** True: a push without a login is refused; a pull may not be. */
  readonly pushNeedsLogin?: boolean;
  /** True: it refuses a blob whose sha256 is not the announced one, and a manifest of blobs that it doesn't have; absent: that is not known. */
  readonly verifiesBlobs?: boolean;
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
