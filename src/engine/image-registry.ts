import { readFile } from 'node:fs/promises';
import type { Io } from '../io/io.ts';
import type { ImageName } from '../model/image.ts';
import { firstKeychain, type Keychain, type RegistryCredentials } from '../model/keychain.ts';
import { openRegistryClient, type RegistryClient } from '../registry/client.ts';
import { dockerConfigKeychain } from '../registry/docker-config-keychain.ts';
import { fixedKeychain } from '../registry/fixed-keychain.ts';

export interface RegistryLogins {
  readonly images: readonly { readonly name: ImageName }[];
  /** For the registry of the first image. */
  readonly credentials: RegistryCredentials | null;
}

/**
 * Who we are to a registry: what the inputs say, else the cloud's own login, else what docker has in its config.
 * The cloud goes before docker: a login that an earlier job left on a self-hosted runner has often expired.
 */
export function openImageRegistry(logins: RegistryLogins, cloud: Keychain, io: Io): RegistryClient {
  const registry = logins.images[0]!.name.registry;
  const given = logins.credentials ? [fixedKeychain(registry, logins.credentials)] : [];
  if (logins.credentials) io.log.mask(logins.credentials.password);
  const docker = dockerConfigKeychain({ ...io, readFile: (file) => readFile(file, 'utf8') });
  return openRegistryClient({ ...io, keychain: firstKeychain(...given, cloud, docker) });
}
