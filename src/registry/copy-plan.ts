import { DeployError } from '../model/errors.ts';
import type { Digest, ImageReference } from '../model/image.ts';
import { hasBlob } from './blob-transfer.ts';
import type { RegistryClient } from './client.ts';
import { findAtDestination } from './find-at-destination.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import { findDigest, getManifest } from './manifest-transfer.ts';
import { formatRepository, pullScopes, pushScopes, type Repository } from './repository.ts';
import { MOST_AT_ONCE } from './request-gate.ts';
import { runBounded } from './run-bounded.ts';
import type { ImagePart } from './select-platforms.ts';

export interface CopyRequest {
  readonly source: ImageReference;
  /** Without tags it is stored by digest only. */
  readonly destination: Repository & { readonly tags: readonly string[] };
  /** All that is copied of `source`, under its own digest; absent: all of it. */
  readonly part?: ImagePart;
  /** What refers to it or to a manifest of it travels too; absent: it doesn't. */
  readonly withReferrers?: boolean;
}

/** Of what is copied, which is what the destination gets. */
export function digestToCopy({ source, part }: CopyRequest): Digest {
  return part?.top.digest ?? source.digest;
}

/** The manifest with that digest. */
export async function readTop(client: RegistryClient, { source, part }: CopyRequest): Promise<Manifest> {
  return part?.top ?? (await getManifest(client, { ...source, reference: source.digest, scopes: pullScopes(source) }));
}

/** What there is to do, and what there isn't. */
export interface CopyPlan {
  /** What each of the tags names at the destination now; null: nothing. */
  readonly tagged: ReadonlyMap<string, Digest | null>;
  /** The destination has all that the image is made of, under whatever name. */
  readonly isStored: boolean;
  /** Manifests to push, by level: the top one first, its children next. None: nothing is to be done. */
  readonly levels: readonly (readonly Manifest[])[];
  /** Blobs of these manifests that the destination lacks, each once, the largest first. */
  readonly missing: readonly Descriptor[];
  /** Those that it has. */
  readonly present: readonly Descriptor[];
}

const MAX_DEPTH = 4;
const MAX_MANIFESTS = 1_000;
const AT_ONCE = { capacity: MOST_AT_ONCE };
const NOTHING = { levels: [], missing: [], present: [] };

/**
 * Finds out what a copy has to do, by reading only. A tag that names this digest already stands for all of it: then
 * nothing else is asked.
 * @throws DeployError IMAGE_NOT_FOUND, IMAGE_INVALID, AUTH_FAILED, PERMISSION_DENIED, …
 */
export async function planCopy(client: RegistryClient, request: CopyRequest): Promise<CopyPlan> {
  const { source, destination, part } = request;
  const wanted = digestToCopy(request);
  const names = destination.tags.length > 0 ? destination.tags : [wanted];
  const named = await runBounded(names, AT_ONCE, (name) => findAtDestination(client, destination, name));
  const tagged = new Map(destination.tags.map((tag, index) => [tag, named[index] ?? null]));
  if (named.every((digest) => digest === wanted)) return { tagged, isStored: true, ...NOTHING };
  const top = await readTop(client, request);
  const isThere = !part && formatRepository(source) === formatRepository(destination);
  if (isThere) return { tagged, isStored: true, ...NOTHING, levels: [[top]] };
  prepare(client, request, top);
  const levels = await readLevels(client, request, top);
  const blobs = await lookForBlobs(client, destination, levels);
  return { tagged, isStored: levels.length === 1 && blobs.missing.length === 0, levels, ...blobs };
}

const BLOBS_OF_A_CHILD = 4;

/** Each blob takes a request on both sides at about the same time; how many a child has is not known yet. */
function prepare(client: RegistryClient, { source, destination }: CopyRequest, top: Manifest): void {
  const requests = top.blobs.length + top.children.length * BLOBS_OF_A_CHILD;
  for (const registry of new Set([source.registry, destination.registry])) client.prepare(registry, requests);
}

/** The manifests below `top`. One that the destination has is complete there, and so is left out. */
async function readLevels(client: RegistryClient, route: CopyRequest, top: Manifest): Promise<Manifest[][]> {
  const levels: Manifest[][] = [[top]];
  const seen = new Set<Digest>([top.digest]);
  for (let level = levels[0]!; level.length > 0; level = levels.at(-1)!) {
    const children = level.flatMap((manifest) => manifest.children).filter(({ digest }) => !seen.has(digest));
    const unique = [...new Map(children.map((child) => [child.digest, child])).values()];
    for (const { digest } of unique) seen.add(digest);
    if (levels.length >= MAX_DEPTH && unique.length > 0) throw tooBig(route.source, `deeper than ${MAX_DEPTH} levels`);
    if (seen.size > MAX_MANIFESTS) throw tooBig(route.source, `more than ${MAX_MANIFESTS} manifests`);
    const read = await runBounded(unique, AT_ONCE, (child, signal) => readMissing(client, route, { child, signal }));
    levels.push(read.filter((manifest) => manifest !== null));
  }
  return levels.slice(0, -1);
}

/** Both sides are asked at the same time: the answer of the source is of no use in the rare case that it is there. */
async function readMissing(
  client: RegistryClient,
  { source, destination }: CopyRequest,
  { child, signal }: { readonly child: Descriptor; readonly signal: AbortSignal },
): Promise<Manifest | null> {
  const reference = child.digest;
  const reading = getManifest(client, { ...source, reference, scopes: pullScopes(source), signal });
  reading.catch(() => undefined);
  const present = await findDigest(client, { ...destination, reference, scopes: pushScopes(destination), signal });
  if (present === child.digest) return null;
  const manifest = await reading.catch((error) => Promise.reject(explainSparse(error, source, child)));
  if (manifest.bytes.length === child.size) return manifest;
  throw new DeployError(
    'IMAGE_INVALID',
    `could not read ${formatRepository(source)}@${child.digest}: it does not have the size that its index names`,
    { hint: 'Build and push the image again.' },
  );
}

/** Tools that copy a single platform leave the index as it was. */
function explainSparse(error: unknown, source: Repository, { digest }: Descriptor): unknown {
  if (!(error instanceof DeployError) || error.code !== 'IMAGE_NOT_FOUND') return error;
  const what = `${formatRepository(source)}@${digest}`;
  return new DeployError('IMAGE_NOT_FOUND', `could not read ${what}: it is not there, although the index names it`, {
    cause: error,
    hint: 'Set `platforms` to those that are there (`platforms: linux/amd64`), or push the image again with all that its index names.',
  });
}

function tooBig(source: Repository, why: string): DeployError {
  return new DeployError('IMAGE_INVALID', `could not copy from ${formatRepository(source)}: its index is ${why}`, {
    hint: 'Check that this is the image you mean.',
  });
}

async function lookForBlobs(client: RegistryClient, destination: Repository, levels: readonly (readonly Manifest[])[]) {
  const named = levels.flat().flatMap((manifest) => manifest.blobs);
  const blobs = [...new Map(named.map((blob) => [blob.digest, blob])).values()].sort((a, b) => b.size - a.size);
  const looked = await runBounded(blobs, AT_ONCE, async (blob, signal) => ({
    blob,
    isThere: await hasBlob(client, destination, blob, signal),
  }));
  const select = (isThere: boolean) => looked.filter((one) => one.isThere === isThere).map(({ blob }) => blob);
  return { missing: select(false), present: select(true) };
}
