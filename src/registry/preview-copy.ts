import { readBody } from '../io/http.ts';
import { DeployError } from '../model/errors.ts';
import { formatImage, type ImageReference } from '../model/image.ts';
import type { CopyForecast } from '../model/outcome.ts';
import type { RegistryClient } from './client.ts';
import { type CopyRequest, digestToCopy, planCopy } from './copy-plan.ts';
import { planReferrers } from './referrer-plan.ts';
import { RegistryError } from './registry-error.ts';
import { hintFor } from './registry-hints.ts';
import { formatRepository, pushScopes } from './repository.ts';

/**
 * What `copyImage` would do, without sending anything: both registries are only read.
 * @throws DeployError as `copyImage`, as far as reading tells: NOT_FOUND or AUTH_FAILED where the destination would refuse the push
 */
export async function previewCopy(client: RegistryClient, request: CopyRequest): Promise<CopyForecast> {
  const { source, destination } = request;
  const { registry, repository } = destination;
  const image: ImageReference = { registry, repository, tag: null, digest: digestToCopy(request) };
  const { tagged, isStored, missing, present } = await planCopy(client, request);
  if (!isStored || tagged.size > 0) await ensureLogin(client, image);
  if (!isStored) await ensureRepository(client, image);
  return {
    source: formatImage(source),
    destination: formatImage(image),
    platforms: request.part?.platforms ?? null,
    tags: [...tagged].map(([name, now]) => ({ name, now })),
    isThere: isStored,
    missingBlobs: missing.length,
    missingBytes: missing.reduce((sum, { size }) => sum + size, 0),
    presentBlobs: present.length,
    referrers: request.withReferrers ? await countReferrers(client, request) : null,
  };
}

async function countReferrers(client: RegistryClient, request: CopyRequest): Promise<CopyForecast['referrers']> {
  const { missing, tags, present } = await planReferrers(client, request);
  return { missing: missing.reduce((sum, { digests }) => sum + digests.length, tags.length), present };
}

async function ensureLogin(client: RegistryClient, image: ImageReference): Promise<void> {
  const { registry } = image;
  const traits = client.traits(registry);
  if (!traits?.pushNeedsLogin || (await client.credentials(image)) !== null) return;
  const what = `push to ${formatRepository(image)}`;
  const hint = hintFor('AUTH_FAILED', { what, registry, writes: true, anonymous: true, traits }, '');
  throw new DeployError('AUTH_FAILED', `could not ${what}: there are no credentials for it`, { hint });
}

/** A registry that makes repositories at the first push has none before it: only of the others it means a refusal. */
async function ensureRepository(client: RegistryClient, image: ImageReference): Promise<void> {
  const traits = client.traits(image.registry);
  if (traits?.createsRepositories !== false) return;
  const what = `push to ${formatRepository(image)}`;
  const target = `${image.repository}/manifests/${image.digest}`;
  try {
    await client.call(
      { what, method: 'GET', registry: image.registry, target, scopes: pushScopes(image), expect: [200] },
      async (response) => await readBody(response, { maxBytes: 4 * 1024 * 1024, timeoutMs: 30_000 }),
    );
  } catch (error) {
    if (!(error instanceof RegistryError) || !error.refusal.codes.includes('NAME_UNKNOWN')) return;
    const hint = `Create the repository in ${image.registry} first, or correct its name.`;
    throw new DeployError('NOT_FOUND', error.message, { hint, cause: error });
  }
}
