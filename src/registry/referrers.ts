import * as z from 'zod';
import { readBody } from '../io/http.ts';
import { DeployError } from '../model/errors.ts';
import type { Digest } from '../model/image.ts';
import { tryParseJson } from '../model/json.ts';
import type { RegistryClient } from './client.ts';
import { digestOf, MANIFEST_TYPES, MAX_MANIFEST_BYTES, type Manifest, OCI_INDEX } from './manifest.ts';
import { findNextPage } from './next-page.ts';
import { pushTag } from './push-tag.ts';
import { registryUrl } from './registry-address.ts';
import { formatRepository, type Repository } from './repository.ts';

export interface ReferrersLocation extends Repository {
  readonly scopes: readonly string[];
}

const MAX_PAGES = 20;
const entry = z.looseObject({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[a-f0-9]{64}$/),
  artifactType: z.string().optional().catch(undefined),
});
const list = z.looseObject({ manifests: z.array(z.unknown()) });

/** A manifest that refers to another. */
export interface Referrer {
  readonly digest: Digest;
  /** What it is; null: the list doesn't say, as lists of some clients don't. */
  readonly artifactType: string | null;
}

/** Digests of the manifests that refer to `subject`. @throws DeployError as any other request */
export async function listReferrers(
  client: RegistryClient,
  at: ReferrersLocation,
  subject: Digest,
): Promise<readonly Digest[]> {
  return (await findReferrers(client, at, subject)).map(({ digest }) => digest);
}

/**
 * The manifests that refer to `subject`: signatures, SBOMs, provenance. Asks the referrers API, or where there is none
 * reads the tag that stands in for it.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 * @throws DeployError as any other request
 */
export async function findReferrers(
  client: RegistryClient,
  at: ReferrersLocation,
  subject: Digest,
): Promise<readonly Referrer[]> {
  const first = new URL(`${at.repository}/referrers/${subject}`, registryUrl(at.registry));
  const found: unknown[] = [];
  let next: URL | null = first;
  for (let pages = 0; next !== null && pages < MAX_PAGES; pages += 1) {
    const page = await readList(client, at, { target: next, subject });
    if (page === null && pages === 0) return referrersIn((await readFallback(client, at, subject)).manifests);
    found.push(...(page?.manifests ?? []));
    next = findNextPage(page?.link ?? '', next, first);
  }
  return referrersIn(found);
}

const WRITES = 3;

/**
 * Notes referrers in the tag that stands in for the API. Two who do so at once overwrite each other: it is read back.
 * @throws DeployError REGISTRY_FAILED, TAG_IMMUTABLE, …
 */
export async function noteReferrers(
  client: RegistryClient,
  at: ReferrersLocation,
  { subject, referrers }: { readonly subject: Digest; readonly referrers: readonly Manifest[] },
): Promise<void> {
  for (let writes = 0; writes <= WRITES; writes += 1) {
    const known = await readFallback(client, at, subject);
    const listed = referrersIn(known.manifests).map(({ digest }) => digest);
    const missing = referrers.filter(({ digest }) => !listed.includes(digest));
    if (missing.length === 0) return;
    if (writes === WRITES) break;
    const manifests = [...known.manifests, ...missing.map(describe)];
    const bytes = Buffer.from(JSON.stringify({ ...known.document, manifests }));
    const index = { digest: digestOf(bytes), mediaType: OCI_INDEX, bytes, children: [], blobs: [], subject: null };
    await pushTag(client, { ...at, reference: fallbackTag(subject) }, index);
  }
  throw new DeployError(
    'REGISTRY_FAILED',
    `could not list what refers to ${subject} in ${formatRepository(at)}: its tag ${fallbackTag(subject)} does not keep it`,
    { hint: 'Check whether something else writes this tag at the same time, and run again.' },
  );
}

function fallbackTag(subject: Digest): string {
  return subject.replace(':', '-');
}

function referrersIn(entries: readonly unknown[]): readonly Referrer[] {
  const parsed = entries.map((one) => entry.safeParse(one).data).filter((one) => one !== undefined);
  return parsed
    .filter(({ mediaType }) => MANIFEST_TYPES.includes(mediaType))
    .map(({ digest, artifactType = null }) => ({ digest: digest as Digest, artifactType }));
}

interface Listing {
  readonly target: string | URL;
  readonly subject: Digest;
}

/** null: the registry has no such list. */
async function readList(client: RegistryClient, at: ReferrersLocation, { target, subject }: Listing) {
  const what = `list what refers to ${subject} in ${formatRepository(at)}`;
  const { registry } = at;
  const headers = { accept: OCI_INDEX };
  return await client.call(
    { what, method: 'GET', registry, target, scopes: at.scopes, headers, expect: [200, 400, 404, 405] },
    async (response) => {
      const body = await readBody(response, { maxBytes: MAX_MANIFEST_BYTES, timeoutMs: 30_000 });
      const document = response.status === 200 ? list.safeParse(tryParseJson(body.toString())).data : undefined;
      const { link } = response.headers;
      if (document === undefined) return null;
      return { document, manifests: document.manifests, link: typeof link === 'string' ? link : '' };
    },
  );
}

async function readFallback(client: RegistryClient, at: ReferrersLocation, subject: Digest) {
  const target = `${at.repository}/manifests/${fallbackTag(subject)}`;
  const empty = { document: { schemaVersion: 2, mediaType: OCI_INDEX }, manifests: [] };
  return (await readList(client, at, { target, subject })) ?? empty;
}

const described = z.object({
  artifactType: z.string().optional().catch(undefined),
  config: z.object({ mediaType: z.string() }).optional().catch(undefined),
  annotations: z.record(z.string(), z.string()).optional().catch(undefined),
});

/** As the spec wants it listed, so that who looks for SBOMs finds them without reading each. */
function describe({ mediaType, digest, bytes }: Manifest): object {
  const { artifactType, config, annotations } = described.parse(tryParseJson(bytes.toString()));
  const type = artifactType ?? config?.mediaType;
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(type === undefined ? {} : { artifactType: type }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
