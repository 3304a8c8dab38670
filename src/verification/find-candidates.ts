import { DeployError } from '../model/errors.ts';
import type { Digest, ImageReference } from '../model/image.ts';
import { tryParseJson } from '../model/json.ts';
import type { RegistryClient } from '../registry/client.ts';
import { type Descriptor, MAX_MANIFEST_BYTES, type Manifest } from '../registry/manifest.ts';
import { findDigest, getManifest } from '../registry/manifest-transfer.ts';
import { readBlob } from '../registry/read-blob.ts';
import { findReferrers, type Referrer } from '../registry/referrers.ts';
import { RegistryError } from '../registry/registry-error.ts';
import { formatRepository, pullScopes } from '../registry/repository.ts';
import { runBounded } from '../registry/run-bounded.ts';
import type { Found, Unusable } from './candidate.ts';
import { readCosignLayers } from './cosign-layers.ts';

/** Who can push can add as many as they like, and each is read and verified. */
const MAX_CANDIDATES = 50;
const AT_ONCE = { capacity: 4 };
/** `….bundle.v0.3+json` and `….bundle+json;version=0.2`. */
const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle[.+]/;
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
const COSIGN_SUFFIXES = ['sig', 'att'];

/**
 * What may be a signature of the image in its own registry: Sigstore bundles that refer to it, and what cosign's tags
 * name. In the order in which the registry lists them.
 * @throws DeployError as any other request; what is wrong with one of them only is `Unusable`
 */
export async function findCandidates(client: RegistryClient, image: ImageReference): Promise<readonly Found[]> {
  const referrers = await findReferrers(client, { ...image, scopes: pullScopes(image) }, image.digest);
  const likely = referrers.filter(({ artifactType }) => artifactType === null || mayBeBundle(artifactType));
  const read = likely.slice(0, MAX_CANDIDATES);
  const bundles = await runBounded(read, AT_ONCE, (referrer) => readReferrer(client, image, referrer));
  const tagged = await runBounded(COSIGN_SUFFIXES, AT_ONCE, (suffix) => readTag(client, image, suffix));
  return [...skipped(likely.length - read.length, 'referrers'), ...bundles.flat(), ...tagged.flat()];
}

/** An empty config or `application/vnd.oci.empty.v1+json` in the list says nothing of what is in it. */
function mayBeBundle(artifactType: string): boolean {
  return BUNDLE_TYPE.test(artifactType) || artifactType.startsWith('application/vnd.oci.');
}

function skipped(count: number, what: string): readonly Unusable[] {
  return count > 0 ? [{ found: `${count} more ${what}`, problem: `were not read: at most ${MAX_CANDIDATES} are` }] : [];
}

async function readReferrer(
  client: RegistryClient,
  image: ImageReference,
  { digest }: Referrer,
): Promise<readonly Found[]> {
  const found = `referrer ${digest}`;
  return await orUnusable(found, async () => {
    const manifest = await readManifest(client, image, digest);
    if (manifest.subject !== image.digest) return [{ found, problem: 'refers to another image' }];
    const blobs = manifest.blobs.filter(({ mediaType }) => BUNDLE_TYPE.test(mediaType));
    // An SBOM that a client listed without its type is no signature, and nothing to report.
    return await runBounded(blobs.slice(0, 1), AT_ONCE, (blob) => readBundle(client, image, { found, blob }));
  });
}

function readManifest(client: RegistryClient, image: ImageReference, digest: Digest): Promise<Manifest> {
  return getManifest(client, { ...image, reference: digest, scopes: pullScopes(image) });
}

async function readBundle(
  client: RegistryClient,
  image: ImageReference,
  { found, blob }: { readonly found: string; readonly blob: Descriptor },
): Promise<Found> {
  const bytes = await readBytes(client, image, { found, blob });
  if (bytes === null) return { found, problem: TOO_LONG };
  const bundle = tryParseJson(bytes.toString());
  return bundle === undefined ? { found, problem: 'is not JSON' } : { found, bundle, message: null };
}

const TOO_LONG = 'is longer than 4 MiB';

/** null: it is too long to be read. */
async function readBytes(
  client: RegistryClient,
  image: ImageReference,
  { found, blob }: { readonly found: string; readonly blob: Descriptor },
): Promise<Buffer | null> {
  if (blob.size > MAX_MANIFEST_BYTES) return null;
  return await readBlob(client, image, { blob, what: `read the ${found} in ${formatRepository(image)}` });
}

async function readTag(client: RegistryClient, image: ImageReference, suffix: string): Promise<readonly Found[]> {
  const tag = `${image.digest.replace(':', '-')}.${suffix}`;
  const found = `tag ${tag}`;
  return await orUnusable(found, async () => {
    const digest = await findDigest(client, { ...image, reference: tag, scopes: pullScopes(image) });
    if (digest === null) return [];
    const { layers, problems } = readCosignLayers(await readManifest(client, image, digest), found);
    const read = layers.slice(0, MAX_CANDIDATES);
    const candidates = await runBounded(read, AT_ONCE, async ({ blob, toCandidate }): Promise<Found> => {
      const bytes = await readBytes(client, image, { found, blob });
      return bytes === null ? { found, problem: TOO_LONG } : toCandidate(bytes);
    });
    return [...skipped(layers.length - read.length, `signatures of the ${found}`), ...candidates, ...problems];
  });
}

// Of one that is damaged or gone another may be whole. What concerns the registry as a whole stops the run.
const OF_ONE = ['IMAGE_INVALID', 'IMAGE_NOT_FOUND'];

async function orUnusable(found: string, read: () => Promise<readonly Found[]>): Promise<readonly Found[]> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DeployError) || !isOfOne(error)) throw error;
    return [{ found, problem: `can't be read: ${error.message}` }];
  }
}

function isOfOne(error: DeployError): boolean {
  return OF_ONE.includes(error.code) || (error instanceof RegistryError && error.refusal.status === 404);
}
