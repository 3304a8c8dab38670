import type { SimulatedRequest } from '../edge/host.ts';
import { type Answer, answerJson, refuse } from './answer.ts';
import { digestLike, findManifest, type Repository, type StoredManifest, sha256 } from './repositories.ts';

interface Descriptor {
  readonly digest: string;
  readonly mediaType?: string;
  readonly platform?: { readonly os?: string; readonly architecture?: string };
  readonly urls?: readonly string[];
}

export interface ManifestDocument {
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
/** https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests */
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$/;
const INDEX = 'application/vnd.oci.image.index.v1+json';

export function parseManifest(bytes: Buffer): ManifestDocument | null {
  try {
    const document: unknown = JSON.parse(bytes.toString());
    return typeof document === 'object' && document !== null ? (document as ManifestDocument) : null;
  } catch {
    return null;
  }
}

export function getManifest(repository: Repository, reference: string): Answer {
  const manifest = findManifest(repository, reference);
  if (!manifest) return refuse(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  return {
    status: 200,
    headers: { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest },
    body: manifest.bytes,
  };
}

export function putManifest(
  request: SimulatedRequest,
  at: { readonly name: string; readonly repository: Repository; readonly reference: string },
  options: { readonly immutableTags: boolean; readonly listsReferrers: boolean },
): Answer {
  const { name, repository, reference } = at;
  const document = parseManifest(request.body);
  if (request.body.length > MAX_MANIFEST_BYTES) return refuse(413, 'SIZE_INVALID', 'manifest is too large');
  if (!document) return refuse(400, 'MANIFEST_INVALID', 'manifest invalid');
  const mediaType = request.headers['content-type'] ?? document.mediaType ?? '';
  if (document.mediaType !== undefined && document.mediaType !== mediaType) {
    return refuse(400, 'MANIFEST_INVALID', 'the media type of the manifest is not that of the request');
  }
  const isDigest = reference.includes(':');
  // Under the digest that the client gave: a manifest that went up as sha512 is found as sha512.
  const digest = isDigest ? reference : sha256(request.body);
  if (isDigest && digestLike(reference, request.body) !== reference)
    return refuse(400, 'DIGEST_INVALID', 'provided digest did not match content');
  if (!isDigest && !TAG.test(reference)) return refuse(400, 'TAG_INVALID', 'manifest tag did not match URI');
  const missing = findMissing(repository, document);
  if (missing) return refuse(400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`);
  // Refused for an identical digest too: https://github.com/aws/containers-roadmap/issues/2380
  if (!isDigest && options.immutableTags && repository.tags.has(reference)) return refuseTag(name, reference);
  repository.manifests.set(digest, { digest, mediaType, bytes: request.body });
  if (!isDigest) repository.tags.set(reference, digest);
  const location = `${request.url.origin}/v2/${name}/manifests/${digest}`;
  const subject = document.subject && options.listsReferrers ? { 'oci-subject': document.subject.digest } : {};
  return { status: 201, headers: { location, 'docker-content-digest': digest, ...subject } };
}

/** What the manifest names and the repository does not have. Foreign layers live elsewhere; a subject may come later. */
function findMissing(repository: Repository, document: ManifestDocument): string | null {
  const child = document.manifests?.find(({ digest }) => !repository.manifests.has(digest));
  if (child) return child.digest;
  const blobs = [...(document.config ? [document.config] : []), ...(document.layers ?? [])];
  return blobs.find(({ digest, urls }) => !urls?.length && !repository.blobs.has(digest))?.digest ?? null;
}

function refuseTag(name: string, tag: string): Answer {
  const message = `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the repository is immutable.`;
  return refuse(400, 'TAG_INVALID', message);
}

/** Tags in lexical order; `n` and `last` page through them. */
export function listTags(request: SimulatedRequest, name: string, repository: Repository): Answer {
  const last = request.url.searchParams.get('last') ?? '';
  const n = request.url.searchParams.get('n');
  const after = [...repository.tags.keys()].sort().filter((tag) => tag > last);
  const tags = n === null ? after : after.slice(0, Number(n));
  const end = tags.at(-1);
  const link =
    end !== undefined && tags.length < after.length
      ? { link: `</v2/${name}/tags/list?n=${n}&last=${encodeURIComponent(end)}>; rel="next"` }
      : undefined;
  return answerJson(200, { name, tags }, link);
}

/** Manifests whose subject is this digest; an empty index where there are none, and where there is no repository yet. */
export function listReferrers(request: SimulatedRequest, repository: Repository, subject: string): Answer {
  if (!DIGEST.test(subject)) return refuse(400, 'DIGEST_INVALID', 'invalid digest');
  const wanted = request.url.searchParams.get('artifactType');
  const all = [...repository.manifests.values()].flatMap((manifest) => describeReferrer(manifest, subject));
  const manifests = wanted === null ? all : all.filter(({ artifactType }) => artifactType === wanted);
  const filters = wanted === null ? {} : { 'oci-filters-applied': 'artifactType' };
  return answerJson(200, { schemaVersion: 2, mediaType: INDEX, manifests }, { 'content-type': INDEX, ...filters });
}

function describeReferrer(manifest: StoredManifest, subject: string) {
  const document = parseManifest(manifest.bytes);
  if (document?.subject?.digest !== subject) return [];
  return [
    {
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.length,
      artifactType: document.artifactType ?? document.config?.mediaType,
      annotations: document.annotations,
    },
  ];
}
