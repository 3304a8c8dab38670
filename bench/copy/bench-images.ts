import { createCipheriv, createHash } from 'node:crypto';

/** Too large to be held in memory, so its content is made again each time that it is asked for. */
export interface BenchBlob {
  readonly digest: string;
  readonly size: number;
  readonly head: Buffer;
}

export interface BenchManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface BenchImage {
  readonly name: string;
  readonly digest: string;
  /** What an index names first, itself last: the order in which they can be pushed. */
  readonly manifests: readonly BenchManifest[];
  readonly blobs: readonly BenchBlob[];
}

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const POOL = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16)).update(Buffer.alloc(1024 * 1024));
// A tool that looks at the first bytes takes it for compressed, and so leaves it as it is.
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/** Built for a cluster or a laptop: a hundred small layers, a few large ones, and an index of four platforms. */
export function buildBenchImages(): readonly BenchImage[] {
  const shared = makeBlob('shared by all platforms', 9_000_000);
  const platforms = ['amd64', 'arm64', 'ppc64le', 's390x'].map((architecture) =>
    makePlatform(architecture, [shared, ...makeLayers(architecture, 5, 6_000_000)]),
  );
  return [
    makeImage('many', makePlatform('amd64', makeLayers('many', 100, 100_000))),
    makeImage('big', makePlatform('amd64', makeLayers('big', 8, 100_000_000))),
    makeIndex('index', platforms),
  ];
}

/** The blob's bytes from `offset` on, in pieces of at most a mebibyte. */
export function* readBenchBlob({ size, head }: BenchBlob, offset = 0): Generator<Buffer> {
  if (offset < head.length) yield head.subarray(offset);
  for (let at = Math.max(offset, head.length); at < size; ) {
    const inPool = (at - head.length) % POOL.length;
    const piece = POOL.subarray(inPool, Math.min(POOL.length, inPool + size - at));
    yield piece;
    at += piece.length;
  }
}

interface Platform {
  readonly architecture: string;
  readonly manifest: BenchManifest;
  readonly blobs: readonly BenchBlob[];
}

function makeLayers(seed: string, count: number, size: number): BenchBlob[] {
  return Array.from({ length: count }, (_, index) => makeBlob(`${seed} ${index}`, size));
}

function makeBlob(seed: string, size: number): BenchBlob {
  const head = Buffer.concat([GZIP_MAGIC, Buffer.from(seed)]);
  const hash = createHash('sha256');
  for (const piece of readBenchBlob({ digest: '', size, head })) hash.update(piece);
  return { digest: `sha256:${hash.digest('hex')}`, size, head };
}

function makePlatform(architecture: string, layers: readonly BenchBlob[]): Platform {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  const config = toBlob({ architecture, os: 'linux', config: {}, rootfs });
  return { architecture, manifest: toManifest(config, { mediaType: LAYER, layers }), blobs: [config, ...layers] };
}

function makeImage(name: string, { manifest, blobs }: Platform): BenchImage {
  return { name, digest: manifest.digest, manifests: [manifest], blobs };
}

/** With an attestation for each platform, as buildx adds them: ordinary children of the index, for no platform. */
function makeIndex(name: string, platforms: readonly Platform[]): BenchImage {
  const attestations = platforms.map(({ manifest }) => makeAttestation(manifest.digest));
  const index = {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      ...platforms.map(({ manifest, architecture }) => describe(manifest, { architecture, os: 'linux' })),
      ...attestations.map(({ manifest }) => describe(manifest, { architecture: 'unknown', os: 'unknown' })),
    ],
  };
  const all = [...platforms, ...attestations];
  const top = sign(INDEX, index);
  const blobs = new Map(all.flatMap((part) => part.blobs).map((blob) => [blob.digest, blob]));
  return {
    name,
    digest: top.digest,
    manifests: [...all.map(({ manifest }) => manifest), top],
    blobs: [...blobs.values()],
  };
}

function makeAttestation(subject: string): Platform {
  const statement = toBlob({
    _type: 'https://in-toto.io/Statement/v0.1',
    subject: [{ name: 'agent', digest: subject }],
  });
  const config = toBlob({
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: [subject] },
  });
  const manifest = toManifest(config, { mediaType: 'application/vnd.in-toto+json', layers: [statement] });
  return { architecture: 'unknown', manifest, blobs: [config, statement] };
}

function toBlob(document: unknown): BenchBlob {
  const head = Buffer.from(JSON.stringify(document));
  return { digest: digestOf(head), size: head.length, head };
}

function toManifest(
  config: BenchBlob,
  { mediaType, layers }: { readonly mediaType: string; readonly layers: readonly BenchBlob[] },
): BenchManifest {
  return sign(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: config.digest, size: config.size },
    layers: layers.map(({ digest, size }) => ({ mediaType, digest, size })),
  });
}

function sign(mediaType: string, document: unknown): BenchManifest {
  const bytes = Buffer.from(JSON.stringify(document));
  return { digest: digestOf(bytes), mediaType, bytes };
}

function describe({ mediaType, digest, bytes }: BenchManifest, platform: object) {
  return { mediaType, digest, size: bytes.length, platform };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
