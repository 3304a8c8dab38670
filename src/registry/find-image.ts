import { DeployError } from '../model/errors.ts';
import { parseImageName } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import { hasManifest } from './manifest-transfer.ts';
import { pullScopes } from './repository.ts';

/**
 * Is an image in its registry, as these logins see it? `missing` only where the registry itself says that the manifest is
 * unknown: a 404 may also be its way of saying "not for you". Throws nothing but the signal's reason.
 */
export async function findImage(client: RegistryClient, name: string): Promise<'there' | 'missing' | 'unknown'> {
  try {
    const image = parseImageName(name);
    const reference = image.digest ?? image.tag ?? 'latest';
    return (await hasManifest(client, { ...image, reference, scopes: pullScopes(image) })) ? 'there' : 'missing';
  } catch (error) {
    client.signal.throwIfAborted();
    client.log.debug(`could not tell whether ${name} is in its registry: ${String(error)}`);
    return error instanceof DeployError && error.code === 'IMAGE_NOT_FOUND' ? 'missing' : 'unknown';
  }
}
