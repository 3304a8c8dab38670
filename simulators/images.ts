import { createCipheriv, createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { BEHAVIOUR_LABEL, type Behaviour, wellBehaved } from './behaviour.ts';
import { zstdStored } from './zstd-stored.ts';

/** An image as a registry holds it. `digest`: of the manifest or index that a tag would name. */
export interface OciImage {
  readonly digest: string;
  readonly manifests: readonly { readonly digest: string; readonly mediaType: string; readonly bytes: Buffer }[];
  readonly blobs: readonly { readonly digest: string; readonly bytes: Buffer }[];
}

export interface ImageOptions {
  readonly behaviour: Partial<Behaviour>;
  /** Default 2. */
  readonly layers?: number;
  /** Of the one file in each layer; default 4 KiB. */
  readonly layerBytes?: number;
  /** `linux/amd64`, `linux/arm/v7`: an index with these and one attestation. Absent: one manifest, no index. */
  readonly platforms?: readonly string[];
  /** Of that one manifest; default `linux/amd64`. */
  readonly platform?: string;
  /** Of the layers; default gzip. */
  readonly compression?: 'gzip' | 'zstd';
  /** One more layer, with no file in it: what a build step leaves that changes nothing. Default false. */
  readonly emptyLayer?: boolean;
  /** Images with the same seed share their layers; default `base`. */
  readonly seed?: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Part {
  readonly descriptor: Descriptor;
  readonly blobs: OciImage['blobs'];
  readonly manifest: OciImage['manifests'][number];
}

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const IN_TOTO = 'application/vnd.in-toto+json';

/** Byte for byte the same for the same options, on every machine. Layers are real compressed tar files. */
export function buildImage(options: ImageOptions): OciImage {
  if (!options.platforms) {
    const part = buildPart(options, options.platform ?? 'linux/amd64');
    return { digest: part.descriptor.digest, manifests: [part.manifest], blobs: part.blobs };
  }
  const parts = options.platforms.map((platform) => ({ part: buildPart(options, platform), platform }));
  const attestation = buildAttestation(parts[0]!.part.descriptor.digest);
  const index = {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      ...parts.map(({ part, platform }) => ({ ...part.descriptor, platform: parsePlatform(platform) })),
      attestation.descriptor,
    ],
  };
  const all = [...parts.map(({ part }) => part), attestation];
  const top = toManifest(INDEX, index);
  return {
    digest: top.digest,
    manifests: [...all.map(({ manifest }) => manifest), top],
    blobs: [...new Map(all.flatMap(({ blobs }) => blobs).map((blob) => [blob.digest, blob])).values()],
  };
}

/** A manifest that refers to another, as a signature or an SBOM does. `subject`: of a manifest of `image`. */
export function buildReferrer(
  image: OciImage,
  subject: string,
  artifactType: string,
  content: Buffer = Buffer.from(`${artifactType} of ${subject}`),
): OciImage {
  const to = image.manifests.find(({ digest }) => digest === subject);
  if (!to) throw new Error(`the image has no manifest ${subject}`);
  return buildArtifact([{ mediaType: artifactType, bytes: content }], {
    artifactType,
    subject: describe(to.mediaType, to.bytes),
    annotations: { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' },
  });
}

export interface ArtifactLayer {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest of something that is no image, as cosign pushes its signatures. `more`: what else is in it. */
export function buildArtifact(layers: readonly ArtifactLayer[], more: object = {}): OciImage {
  const empty = Buffer.from('{}');
  const manifest = toManifest(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe('application/vnd.oci.empty.v1+json', empty),
    layers: layers.map(({ mediaType, bytes, annotations }) => ({
      ...describe(mediaType, bytes),
      ...(annotations ? { annotations } : {}),
    })),
    ...more,
  });
  const blobs = [empty, ...layers.map(({ bytes }) => bytes)].map((bytes) => ({ digest: digestOf(bytes), bytes }));
  return { digest: manifest.digest, manifests: [manifest], blobs };
}

/** An index of these images, as a client keeps it under a tag where a registry lists no referrers. Old ones write no types. */
export function buildIndexOf(images: readonly OciImage[], { hasTypes = true } = {}): OciImage {
  const tops = images.map(({ digest, manifests }) => manifests.find((manifest) => manifest.digest === digest)!);
  const manifests = tops.map(({ mediaType, bytes }) => {
    const { artifactType } = JSON.parse(bytes.toString()) as { artifactType?: string };
    return { ...describe(mediaType, bytes), ...(hasTypes && artifactType ? { artifactType } : {}) };
  });
  const index = toManifest(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests });
  return { digest: index.digest, manifests: [...tops, index], blobs: images.flatMap(({ blobs }) => blobs) };
}

function buildPart(options: ImageOptions, platform: string): Part {
  const full = Array.from({ length: options.layers ?? 2 }, (_, index) =>
    tarOf(randomBytes(`${options.seed ?? 'base'} ${platform} ${index}`, options.layerBytes ?? 4096)),
  );
  const tars = options.emptyLayer ? [...full, END_OF_TAR] : full;
  const compression = options.compression ?? 'gzip';
  const config = {
    created: '2026-01-01T00:00:00Z',
    ...parsePlatform(platform),
    config: { Labels: { [BEHAVIOUR_LABEL]: JSON.stringify({ ...wellBehaved, ...options.behaviour }) } },
    rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
    history: tars.map((_, index) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${index}` })),
  };
  return toPart(
    { mediaType: CONFIG, bytes: Buffer.from(JSON.stringify(config)) },
    { mediaType: `${LAYER}+${compression}`, layers: tars.map(compression === 'zstd' ? zstdStored : gzipStored) },
  );
}

/** As buildx adds it: an ordinary child of the index, for no platform. */
function buildAttestation(subject: string) {
  const statement = { _type: 'https://in-toto.io/Statement/v0.1', subject: [{ name: 'agent', digest: subject }] };
  const config = { architecture: 'unknown', os: 'unknown', config: {}, rootfs: { type: 'layers', diff_ids: [] } };
  const part = toPart(
    { mediaType: CONFIG, bytes: Buffer.from(JSON.stringify(config)) },
    { mediaType: IN_TOTO, layers: [Buffer.from(JSON.stringify(statement))] },
  );
  const descriptor = {
    ...part.descriptor,
    annotations: { 'vnd.docker.reference.digest': subject, 'vnd.docker.reference.type': 'attestation-manifest' },
    platform: { architecture: 'unknown', os: 'unknown' },
  };
  return { ...part, descriptor };
}

function toPart(
  config: { readonly mediaType: string; readonly bytes: Buffer },
  content: { readonly mediaType: string; readonly layers: readonly Buffer[] },
): Part {
  const manifest = toManifest(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe(config.mediaType, config.bytes),
    layers: content.layers.map((bytes) => describe(content.mediaType, bytes)),
  });
  const blobs = [config.bytes, ...content.layers].map((bytes) => ({ digest: digestOf(bytes), bytes }));
  return { descriptor: describe(MANIFEST, manifest.bytes), blobs, manifest };
}

function toManifest(mediaType: string, document: unknown): OciImage['manifests'][number] {
  const bytes = Buffer.from(JSON.stringify(document));
  return { digest: digestOf(bytes), mediaType, bytes };
}

function describe(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function parsePlatform(platform: string) {
  const [os = '', architecture = '', variant] = platform.split('/');
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function randomBytes(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

const END_OF_TAR = Buffer.alloc(1024);

/** One file, in ustar form: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
function tarOf(content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write('data', 0);
  header.write(
    `${octal(0o644, 7)}${octal(0, 7)}${octal(0, 7)}${octal(content.length, 11)}${octal(0, 11)}        0`,
    100,
  );
  header.write('ustar\u000000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, END_OF_TAR]);
}

/** gzip with stored blocks only, so that no version of zlib changes a digest: RFC 1952, RFC 1951 3.2.4 */
function gzipStored(data: Buffer): Buffer {
  const blocks: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])];
  for (let at = 0; at < data.length; at += 65_535) {
    const block = data.subarray(at, at + 65_535);
    const head = Buffer.alloc(5);
    head.writeUInt8(at + block.length === data.length ? 1 : 0, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    blocks.push(head, block);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data), 0);
  trailer.writeUInt32LE(data.length % 2 ** 32, 4);
  return Buffer.concat([...blocks, trailer]);
}
