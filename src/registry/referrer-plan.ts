import { DeployError } from '../model/errors.ts';
import type { Digest } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import { type CopyRequest, readTop } from './copy-plan.ts';
import { findAtDestination } from './find-at-destination.ts';
import { findDigest } from './manifest-transfer.ts';
import { listReferrers } from './referrers.ts';
import { formatRepository, pullScopes, pushScopes } from './repository.ts';
import { MOST_AT_ONCE } from './request-gate.ts';
import { runBounded } from './run-bounded.ts';

/** What refers to an image and its manifests, and to that in turn. */
export interface ReferrerPlan {
  /** Listed at the source and not at the destination, by what they refer to. */
  readonly missing: readonly { readonly subject: Digest; readonly digests: readonly Digest[] }[];
  /** Of cosign, which names what a manifest has by a tag. `now`: at the destination. */
  readonly tags: readonly { readonly tag: string; readonly digest: Digest; readonly now: Digest | null }[];
  /** How many the destination has. */
  readonly present: number;
}

const MAX_DEPTH = 4;
const MAX_REFERRERS = 1_000;
const AT_ONCE = { capacity: MOST_AT_ONCE };
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'];

/** By reading only. @throws DeployError IMAGE_INVALID where there are more than 1000; as any other request */
export async function planReferrers(client: RegistryClient, request: CopyRequest): Promise<ReferrerPlan> {
  const subjects = await listSubjects(client, request);
  const tags = await findCosignTags(client, request, subjects);
  const missing: ReferrerPlan['missing'][number][] = [];
  const seen = new Set<Digest>(subjects);
  let present = tags.filter(({ digest, now }) => digest === now).length;
  let wave = subjects;
  for (let depth = 0; wave.length > 0 && depth < MAX_DEPTH; depth += 1) {
    const lists = await runBounded(wave, AT_ONCE, (subject) => compare(client, request, subject));
    missing.push(...lists.filter(({ digests }) => digests.length > 0));
    present += lists.reduce((sum, list) => sum + list.present, 0);
    wave = [...new Set(lists.flatMap(({ all }) => all))].filter((digest) => !seen.has(digest));
    for (const digest of wave) seen.add(digest);
    if (seen.size > MAX_REFERRERS) throw tooMany(request);
  }
  return { missing, tags: tags.filter(({ digest, now }) => digest !== now), present };
}

/** The image, and in an index what it names. */
async function listSubjects(client: RegistryClient, request: CopyRequest): Promise<readonly Digest[]> {
  const top = await readTop(client, request);
  return [...new Set([top.digest, ...top.children.map(({ digest }) => digest)])];
}

async function findCosignTags(
  client: RegistryClient,
  { source, destination }: CopyRequest,
  subjects: readonly Digest[],
) {
  const names = subjects.flatMap((digest) => COSIGN_SUFFIXES.map((suffix) => `${digest.replace(':', '-')}.${suffix}`));
  const found = await runBounded(names, AT_ONCE, async (tag, signal) => {
    const digest = await findDigest(client, { ...source, reference: tag, scopes: pullScopes(source), signal });
    return digest && { tag, digest, now: await findAtDestination(client, destination, tag) };
  });
  return found.filter((tag) => tag !== null);
}

async function compare(client: RegistryClient, { source, destination }: CopyRequest, subject: Digest) {
  const all = await listReferrers(client, { ...source, scopes: pullScopes(source) }, subject);
  const there =
    all.length > 0 ? await listReferrers(client, { ...destination, scopes: pushScopes(destination) }, subject) : [];
  const digests = all.filter((digest) => !there.includes(digest));
  return { subject, all, digests, present: all.length - digests.length };
}

function tooMany({ source }: CopyRequest): DeployError {
  const message = `could not copy what refers to ${formatRepository(source)}@${source.digest}: it is more than ${MAX_REFERRERS} manifests`;
  return new DeployError('IMAGE_INVALID', message, {
    hint: 'Remove signatures that are not needed, or copy without them.',
  });
}
