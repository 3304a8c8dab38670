import { DeployError } from '../model/errors.ts';
import { formatImageName, type ImageName, type ImageReference } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import { ensureImage } from './ensure-image.ts';
import { listTags } from './list-tags.ts';
import { pinManifest } from './manifest-transfer.ts';
import { findNearestTags } from './nearest-tags.ts';
import { cacheHint } from './registry-hints.ts';
import { formatRepository, pullScopes } from './repository.ts';

/**
 * Resolves a name to the digest that it means now; a digest that was given is looked up.
 * @throws DeployError IMAGE_NOT_FOUND (with the nearest tags that are there), IMAGE_INVALID, AUTH_FAILED,
 *   PERMISSION_DENIED
 */
export async function resolveImage(client: RegistryClient, name: ImageName): Promise<ImageReference> {
  const tag = name.tag ?? (name.digest ? null : 'latest');
  const reference = name.digest ?? tag ?? 'latest';
  const { registry, repository } = name;
  const at = { registry, repository, reference, scopes: pullScopes(name) };
  const digest = await pinManifest(client, at).catch((error) => Promise.reject(explainHub(error, name)));
  if (digest === null) throw explainHub(await notFound(client, name, tag), name);
  if (name.digest !== null && digest !== name.digest) throw mismatch(name, digest);
  ensureImage(client.resolved.get(`${formatRepository(name)}@${digest}`)?.bytes, name);
  return { registry, repository, tag, digest };
}

const NAMELESS = /^library\//;

/** A name without a registry is one of Docker Hub, which is seldom what a job of one's own build means. */
function explainHub(error: unknown, name: ImageName): unknown {
  const isMeant = error instanceof DeployError && UNKNOWN.includes(error.code);
  if (!isMeant || name.registry !== 'docker.io' || !NAMELESS.test(name.repository)) return error;
  const written = name.repository.replace(NAMELESS, '');
  const hint = `"${written}" has no registry in front, so it was looked for at Docker Hub (docker.io/${name.repository}): write <registry>/<repository>/${written}. ${error.hint ?? ''}`;
  return new DeployError(error.code, error.message, { cause: error, hint: hint.trim() });
}

// Docker Hub tells who has no login that it may not read what isn't there.
const UNKNOWN = ['IMAGE_NOT_FOUND', 'NOT_FOUND', 'AUTH_FAILED', 'PERMISSION_DENIED'];

function mismatch(name: ImageName, digest: string): DeployError {
  const message = `could not resolve ${formatImageName(name)}: ${name.registry} answers with ${digest} instead`;
  return new DeployError('IMAGE_INVALID', message, {
    hint: 'Something between here and the registry changes its answers: check the proxy and the registry.',
  });
}

async function notFound(client: RegistryClient, name: ImageName, tag: string | null): Promise<DeployError> {
  const message = `could not find ${formatImageName(name)}: ${name.registry} does not have it`;
  const check = `Check that the build pushed it, the spelling of the ${name.digest ? 'digest' : 'tag'}, and that these credentials may pull it.${cacheOf(client, name)}`;
  if (name.digest !== null || tag === null) return new DeployError('IMAGE_NOT_FOUND', message, { hint: check });
  const tags = await tryListTags(client, name);
  const near = findNearestTags(tag, tags);
  const meant = near.length > 0 ? `Did you mean ${near.join(' or ')}? ` : '';
  return new DeployError('IMAGE_NOT_FOUND', message, {
    hint: `${meant}${tags.length > 0 ? '' : unlisted(name)}${check}`,
  });
}

function cacheOf(client: RegistryClient, { registry }: ImageName): string {
  const permissions = client.traits(registry)?.permissions.cache;
  return permissions ? ` ${cacheHint(permissions)}` : '';
}

function unlisted(name: ImageName): string {
  return `No tag of ${formatRepository(name)} can be seen, so the name of the repository may be wrong. `;
}

/** It only helps: whatever goes wrong here must not hide that the tag is not there. */
async function tryListTags(client: RegistryClient, name: ImageName): Promise<readonly string[]> {
  try {
    return await listTags(client, name);
  } catch (error) {
    client.signal.throwIfAborted();
    client.log.debug(`could not list the tags of ${formatRepository(name)}: ${String(error)}`);
    return [];
  }
}
