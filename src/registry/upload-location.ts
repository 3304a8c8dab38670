import { DeployError } from '../model/errors.ts';
import { formatRepository, type Repository } from './repository.ts';

/**
 * Where an upload goes on: the Location header, absolute or relative to `url`, which answered with it.
 * @throws DeployError REGISTRY_FAILED when it is no web address
 */
export function parseUploadLocation(location: string | undefined, url: URL, at: Repository): URL {
  const parsed = location === undefined ? null : URL.parse(location, url.href);
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed;
  throw new DeployError('REGISTRY_FAILED', `could not push to ${formatRepository(at)}: it named no upload location`, {
    hint: `Check that ${at.registry} is a container registry.`,
  });
}

/** The address that completes the upload. Appended as text: URLSearchParams would encode the registry's own state in another way. */
export function withDigest(location: URL, digest: string): URL {
  const target = new URL(location);
  target.search = `${target.search === '' ? '?' : `${target.search}&`}digest=${encodeURIComponent(digest)}`;
  return target;
}
