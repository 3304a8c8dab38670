import { createHash } from 'node:crypto';
import * as z from 'zod';
import { DeployError } from '../model/errors.ts';
import type { Digest } from '../model/image.ts';
import { tryParseJson } from '../model/json.ts';
import type { Platform } from '../model/platform.ts';

/** Where content is, how long it is, and its hash. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/** A manifest that an index names. */
export interface Child extends Descriptor {
  /** null: the index doesn't say. */
  readonly platform: Platform | null;
  /** The manifest that it says something about, as buildx adds it, so that it runs nowhere; null: it may run. */
  readonly attests: Digest | null;
}

/** A manifest as it is stored: `bytes` are sent on unchanged, since the digest is theirs. */
export interface Manifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** Manifests that an index names; none in an image. */
  readonly children: readonly Child[];
  /** The manifest that it refers to: what it signs, say. */
  readonly subject: Digest | null;
  /** Config (the first) and layers; none in an index. Layers that live elsewhere are left out. */
  readonly blobs: readonly Descriptor[];
}

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const INDEX_TYPES: readonly [string, ...string[]] = [
  OCI_INDEX,
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const IMAGE_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** All forms that we read. A registry may convert what is requested by tag to a form in this list, never what is requested by digest. */
export const MANIFEST_TYPES: readonly string[] = [...INDEX_TYPES, ...IMAGE_TYPES];

/** The spec asks registries to accept 4 MiB, and no manifest needs more. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const MAX_ENTRIES = 1_000;
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;
const FOREIGN_LAYER =
  /^application\/vnd\.(oci\.image\.layer\.nondistributable\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.foreign\.diff\.tar(\.gzip)?)$/;

const descriptor = z.object({
  mediaType: z.string().min(1).max(255),
  digest: z.string().regex(/^sha256:[a-f0-9]{64}$/, 'is not sha256:<64 hex digits>'),
  size: z.int().min(0),
});
const blob = descriptor.extend({
  digest: z
    .string()
    .regex(
      /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/,
      'is not sha256:<64 hex digits> or sha512:<128 hex digits>',
    ),
});
/** Other clients take `null` for none. */
const layer = blob.extend({ urls: z.array(z.string()).nullish() });
const word = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
/** The words of the spec under which an index names a platform, and a config its own. */
export const platformDocument = z
  .object({ os: word, architecture: word, variant: word.optional().catch(undefined) })
  .transform(({ os, architecture, variant = null }): Platform => ({ os, architecture, variant }));
const annotations = z.object({
  'vnd.docker.reference.type': z.literal('attestation-manifest'),
  'vnd.docker.reference.digest': descriptor.shape.digest,
});
// What is said beside a descriptor is only a hint: one that is malformed is none.
const child = descriptor.extend({
  platform: platformDocument.optional().catch(undefined),
  annotations: annotations.optional().catch(undefined),
});
const document = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: blob.nullish(),
  layers: z.array(layer).max(MAX_ENTRIES).nullish(),
  manifests: z.array(child).max(MAX_ENTRIES).nullish(),
  subject: z.object({ digest: descriptor.shape.digest }).optional().catch(undefined),
});

const EXAMPLE = { mediaType: OCI_INDEX, digest: `sha256:${'0'.repeat(64)}`, size: 0 };

/** zod compiles a schema at its first use, which takes longer than reading a manifest: done while one is on its way, it takes no time. */
export function compileSchema(): void {
  const platform = { os: 'linux', architecture: 'amd64' };
  document.safeParse({ schemaVersion: 2, config: EXAMPLE, layers: [EXAMPLE], manifests: [{ ...EXAMPLE, platform }] });
}

/** The content's digest by the algorithm of another one. */
export function digestLike(bytes: Buffer, digest: Digest): Digest {
  const algorithm = algorithmOf(digest);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** The image specification registers these two; a manifest of ours is always named by the first. */
export function algorithmOf(digest: Digest): 'sha256' | 'sha512' {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

export function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * @param what for messages: `ghcr.io/acme/agent@sha256:…`.
 * @throws DeployError IMAGE_INVALID that says what is wrong with it.
 */
export function parseManifest(bytes: Buffer, contentType: string, what: string): Manifest {
  const json = parseJson(bytes, what);
  refuseSchema1(json, contentType, what);
  const parsed = document.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(what, `its manifest is not valid: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const { config, layers, manifests } = parsed.data;
  // Read as an image by one client and as an index by another, it would be two different things: CVE-2021-41190.
  if (manifests && (config || layers)) throw invalid(what, 'its manifest is an image and an index at once');
  const mediaType = parsed.data.mediaType ?? typeFrom(contentType) ?? (manifests ? INDEX_TYPES[0] : IMAGE_TYPES[0]!);
  if (!(manifests ? INDEX_TYPES : IMAGE_TYPES).includes(mediaType)) {
    throw invalid(what, `its manifest has the type ${mediaType.slice(0, 100)}, which is not that of its content`);
  }
  if (!manifests && !config) throw invalid(what, 'its manifest has no config');
  const foreign = manifests?.find(({ mediaType: type }) => !MANIFEST_TYPES.includes(type));
  if (foreign) throw invalid(what, `its index names something that is no image: ${foreign.mediaType.slice(0, 100)}`);
  const own = (layers ?? []).filter(({ mediaType: type, urls }) => !(FOREIGN_LAYER.test(type) && urls?.length));
  const blobs = [...(config ? [config] : []), ...own].map(toDescriptor);
  const subject = (parsed.data.subject?.digest ?? null) as Digest | null;
  return { digest: digestOf(bytes), mediaType, bytes, children: (manifests ?? []).map(toChild), subject, blobs };
}

function parseJson(bytes: Buffer, what: string): unknown {
  const json = tryParseJson(bytes.toString());
  if (json === undefined) throw invalid(what, 'its manifest is not JSON');
  return json;
}

/** Its digest does not cover the image, and converting it changes the digest (go-containerregistry#377). */
function refuseSchema1(json: unknown, contentType: string, what: string): void {
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (version !== 1 && !SCHEMA_1.test(contentType.split(';')[0]!.trim())) return;
  throw new DeployError('IMAGE_INVALID', `could not read ${what}: it has the outdated Docker schema 1 format`, {
    hint: 'Build and push the image again with a current docker buildx.',
  });
}

/** Some registries serve manifests as text/plain or application/json; then the content decides. */
function typeFrom(contentType: string): string | null {
  const type = contentType.split(';')[0]!.trim();
  return MANIFEST_TYPES.includes(type) ? type : null;
}

function toChild(parsed: z.infer<typeof child>): Child {
  const { platform: named, annotations: said } = parsed;
  return {
    ...toDescriptor(parsed),
    platform: named ?? null,
    attests: said ? (said['vnd.docker.reference.digest'] as Digest) : null,
  };
}

function toDescriptor({ mediaType, digest, size }: z.infer<typeof descriptor>): Descriptor {
  return { mediaType, digest: digest as Digest, size };
}

function invalid(what: string, why: string): DeployError {
  return new DeployError('IMAGE_INVALID', `could not read ${what}: ${why}`, {
    hint: 'Build and push the image again.',
  });
}
