import type { RegistryAccess } from '../clouds/target.ts';
import type { CancellableIo } from '../io/io.ts';
import type { ImageName } from '../model/image.ts';
import type { RegistryCredentials } from '../model/keychain.ts';
import { openRegistryClient, type RegistryClient } from '../registry/client.ts';
import { dockerConfigKeychain } from '../registry/docker-config-keychain.ts';
import { fixedKeychain } from '../registry/fixed-keychain.ts';

export interface RegistryLogins {
  readonly images: readonly { readonly name: ImageName }[];
  /** For the registry of the first image. */
  readonly credentials: RegistryCredentials | null;
  /** Milliseconds since 1970; absent: none. */
  readonly deadline?: number;
}

/**
 * Who we are to a registry: what the inputs say, and nothing else; without that, the login of the registry's own cloud,
 * and docker's where the registry refuses that one, as for a repository of another account. The cloud goes before docker:
 * a login that an earlier job left on a self-hosted runner has often expired.
 */
export function openImageRegistry(
  { images, credentials, deadline }: RegistryLogins,
  clouds: readonly RegistryAccess[],
  { io, signal }: CancellableIo,
): RegistryClient {
  const { http, clock, log, env, exec, files } = io;
  const registry = images[0]?.name.registry;
  const given = registry && credentials ? [fixedKeychain(registry, credentials)] : [];
  if (credentials) log.mask(credentials.password);
  const docker = dockerConfigKeychain({ env, exec, log, readFile: async (file) => files.readText(file) });
  const keychains = [...given, ...clouds.map(({ keychain }) => keychain), docker];
  return openRegistryClient({ http, clock, log, keychains, signal, ...(deadline === undefined ? {} : { deadline }) });
}
