import { DeployError } from '../model/errors.ts';
import type { Digest } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import { findDigest, type ManifestLocation } from './manifest-transfer.ts';
import { formatRepository, pushScopes, type Repository } from './repository.ts';

// A copy that asks by itself takes as long between its first answer and its last request.
const FRESH_MS = 10_000;

/**
 * What the name stands for at the destination. Null also where looking is forbidden: pushing may be allowed, and says more
 * when it is not.
 */
export async function findAtDestination(
  client: RegistryClient,
  at: Repository,
  reference: string,
): Promise<Digest | null> {
  const key = keyOf(at, reference);
  const ahead = client.ahead.get(key);
  // Once: whoever asks again wants to know whether something has changed.
  client.ahead.delete(key);
  if (ahead && client.clock.now() - ahead.askedAt <= FRESH_MS) return ahead.digest;
  return await find(client, { ...at, reference, scopes: pushScopes(at) });
}

/** Spares the next `findAtDestination` its round trip, if that comes soon. It only helps: a failure is left to that one. */
export async function lookAhead(
  client: RegistryClient,
  at: Repository,
  { reference, signal }: { readonly reference: string; readonly signal: AbortSignal },
): Promise<void> {
  const askedAt = client.clock.now();
  try {
    const digest = await find(client, { ...at, reference, scopes: pushScopes(at), signal, tries: 1 });
    client.ahead.set(keyOf(at, reference), { digest, askedAt });
  } catch {}
}

function keyOf(at: Repository, reference: string): string {
  return `${formatRepository(at)}:${reference}`;
}

async function find(client: RegistryClient, at: ManifestLocation): Promise<Digest | null> {
  try {
    return await findDigest(client, at);
  } catch (error) {
    if (error instanceof DeployError && error.code === 'PERMISSION_DENIED') return null;
    throw error;
  }
}
