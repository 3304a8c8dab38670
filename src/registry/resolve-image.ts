import { DeployError } from '../model/errors.ts';
import { formatImageName, type ImageName, type ImageReference } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import { findDigest } from './manifest-transfer.ts';
import { pullScopes } from './repository.ts';

/**
 * Pins a name to the digest that it means now; a digest that was given is looked up.
 * @throws DeployError IMAGE_NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED
 */
export async function resolveImage(client: RegistryClient, name: ImageName): Promise<ImageReference> {
  const tag = name.tag ?? (name.digest ? null : 'latest');
  const reference = name.digest ?? tag ?? 'latest';
  const { registry, repository } = name;
  const digest = await findDigest(client, { registry, repository, reference, scopes: pullScopes(name) });
  if (digest === null || (name.digest !== null && digest !== name.digest)) {
    throw new DeployError('IMAGE_NOT_FOUND', `could not find ${formatImageName(name)}: ${registry} does not have it`, {
      hint: `Check that the build pushed it, the spelling of the ${name.digest ? 'digest' : 'tag'}, and that these credentials may pull it.`,
    });
  }
  return { registry, repository, tag, digest };
}
