import type { Digest } from '../model/image.ts';
import type { CopyStatistics } from '../model/outcome.ts';
import type { RegistryClient } from './client.ts';
import { copyContent } from './copy-content.ts';
import { type CopyRequest, planCopy } from './copy-plan.ts';
import type { CopyProgress } from './copy-progress.ts';
import type { Manifest } from './manifest.ts';
import { getManifest, putReferrer } from './manifest-transfer.ts';
import { pushTag } from './push-tag.ts';
import { planReferrers, type ReferrerPlan } from './referrer-plan.ts';
import { noteReferrers } from './referrers.ts';
import { formatRepository, pullScopes, pushScopes } from './repository.ts';
import { runBounded } from './run-bounded.ts';

const AT_ONCE = { capacity: 4 };

/** Brings over what refers to the image, which is there by now, so that it is found there as it is at the source. */
export async function copyReferrers(
  client: RegistryClient,
  request: CopyRequest,
  progress: CopyProgress,
): Promise<CopyStatistics['referrers']> {
  const plan = await planReferrers(client, request);
  const copied = await runBounded(plan.missing, AT_ONCE, (list) => copyList(client, request, { list, progress }));
  await runBounded(plan.tags, AT_ONCE, (tag) => copyTag(client, request, { tag, progress }));
  return { copied: copied.reduce((sum, count) => sum + count, plan.tags.length), present: plan.present };
}

/** Returns how many. */
async function copyList(
  client: RegistryClient,
  request: CopyRequest,
  { list, progress }: { readonly list: ReferrerPlan['missing'][number]; readonly progress: CopyProgress },
): Promise<number> {
  const { destination } = request;
  const at = { ...destination, scopes: pushScopes(destination) };
  const unlisted: Manifest[] = [];
  let copied = 0;
  for (const digest of list.digests) {
    const manifest = await bring(client, request, { digest, progress });
    if (manifest.subject !== list.subject) {
      client.log.warning(
        `${formatRepository(request.source)}@${digest} is listed for ${list.subject}, which it does not refer to: it is left out.`,
      );
      continue;
    }
    if (!(await putReferrer(client, { ...at, reference: digest }, manifest))) unlisted.push(manifest);
    copied += 1;
  }
  if (unlisted.length > 0) await noteReferrers(client, at, { subject: list.subject, referrers: unlisted });
  return copied;
}

/** The source's wins, as with any other tag. */
async function copyTag(
  client: RegistryClient,
  request: CopyRequest,
  {
    tag: { tag, digest, now },
    progress,
  }: { readonly tag: ReferrerPlan['tags'][number]; readonly progress: CopyProgress },
): Promise<void> {
  const { destination } = request;
  const manifest = await bring(client, request, { digest, progress });
  await pushTag(client, { ...destination, reference: tag, scopes: pushScopes(destination) }, manifest);
  if (now !== null)
    client.log.warning(`${formatRepository(destination)}:${tag} names ${digest} now; before it was ${now}.`);
}

/** All but the manifest itself, which is returned. */
async function bring(
  client: RegistryClient,
  { source, destination }: CopyRequest,
  { digest, progress }: { readonly digest: Digest; readonly progress: CopyProgress },
): Promise<Manifest> {
  const { registry, repository } = destination;
  const request = { source: { ...source, tag: null, digest }, destination: { registry, repository, tags: [] } };
  const plan = await planCopy(client, request);
  progress.extend(plan);
  await copyContent(client, request, { plan, progress });
  const top = plan.levels[0]?.[0];
  return top ?? (await getManifest(client, { ...source, reference: digest, scopes: pullScopes(source) }));
}
