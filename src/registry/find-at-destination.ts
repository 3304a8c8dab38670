import { DeployError } from '../model/errors.ts';
import type { Digest } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import { findDigest } from './manifest-transfer.ts';
import { pushScopes, type Repository } from './repository.ts';

/** Null also where looking is forbidden: pushing may be allowed, and says more when it is not. */
export async function findAtDestination(
  client: RegistryClient,
  at: Repository,
  reference: string,
): Promise<Digest | null> {
  try {
    return await findDigest(client, { ...at, reference, scopes: pushScopes(at) });
  } catch (error) {
    if (error instanceof DeployError && error.code === 'PERMISSION_DENIED') return null;
    throw error;
  }
}
