import { DeployError } from '../model/errors.ts';
import type { Digest } from '../model/image.ts';
import type { RegistryClient } from './client.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import { findDigest, getManifest } from './manifest-transfer.ts';
import { formatRepository, pullScopes, pushScopes, type Repository } from './repository.ts';
import { runBounded } from './run-bounded.ts';

export interface CopyPlan {
  /** What the destination lacks, by level: the top one first, its children next. */
  readonly levels: readonly (readonly Manifest[])[];
  /** Of all these manifests, each once, the largest first. */
  readonly blobs: readonly Descriptor[];
}

const MAX_DEPTH = 4;
const MAX_MANIFESTS = 1_000;
const PARALLEL = 8;

/** Reads the manifests below `top`. One that the destination has is complete there, and so is left out. */
export async function planCopy(
  client: RegistryClient,
  route: { readonly source: Repository; readonly destination: Repository },
  top: Manifest,
): Promise<CopyPlan> {
  const levels: Manifest[][] = [[top]];
  const seen = new Set<Digest>([top.digest]);
  for (let level = levels[0]!; level.length > 0; level = levels.at(-1)!) {
    const children = level.flatMap((manifest) => manifest.children).filter(({ digest }) => !seen.has(digest));
    const unique = [...new Map(children.map((child) => [child.digest, child])).values()];
    for (const { digest } of unique) seen.add(digest);
    if (levels.length >= MAX_DEPTH && unique.length > 0) throw tooBig(route.source, `deeper than ${MAX_DEPTH} levels`);
    if (seen.size > MAX_MANIFESTS) throw tooBig(route.source, `more than ${MAX_MANIFESTS} manifests`);
    const read = await runBounded(unique, PARALLEL, (child, signal) => readMissing(client, route, { child, signal }));
    levels.push(read.filter((manifest) => manifest !== null));
  }
  const blobs = new Map(levels.flat().flatMap((manifest) => manifest.blobs.map((blob) => [blob.digest, blob])));
  return { levels: levels.slice(0, -1), blobs: [...blobs.values()].sort((a, b) => b.size - a.size) };
}

async function readMissing(
  client: RegistryClient,
  route: { readonly source: Repository; readonly destination: Repository },
  wanted: { readonly child: Descriptor; readonly signal: AbortSignal },
): Promise<Manifest | null> {
  const { child, signal } = wanted;
  const reference = child.digest;
  const { source, destination } = route;
  const present = await findDigest(client, { ...destination, reference, scopes: pushScopes(destination), signal });
  if (present === child.digest) return null;
  const manifest = await getManifest(client, { ...source, reference, scopes: pullScopes(source), signal });
  if (manifest.bytes.length === child.size) return manifest;
  throw new DeployError(
    'IMAGE_INVALID',
    `could not read ${formatRepository(source)}@${child.digest}: it does not have the size that its index names`,
    { hint: 'Build and push the image again.' },
  );
}

function tooBig(source: Repository, why: string): DeployError {
  return new DeployError('IMAGE_INVALID', `could not copy from ${formatRepository(source)}: its index is ${why}`, {
    hint: 'Check that this is the image you mean.',
  });
}
