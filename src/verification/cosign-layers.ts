import { createHash } from 'node:crypto';
import * as z from 'zod';
import { tryParseJson } from '../model/json.ts';
import type { Descriptor, Manifest } from '../registry/manifest.ts';
import type { Found, Unusable } from './candidate.ts';

/** One signature of the format that cosign had before Sigstore bundles. */
export interface CosignLayer {
  /** What is signed. */
  readonly blob: Descriptor;
  toCandidate(signed: Buffer): Found;
}

const MESSAGE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const ENVELOPE = 'application/vnd.dsse.envelope.v1+json';

/** https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md */
const annotations = z.object({
  'dev.cosignproject.cosign/signature': z.string().default(''),
  'dev.sigstore.cosign/certificate': z.string().optional(),
  'dev.sigstore.cosign/bundle': z.string().optional(),
  'dev.sigstore.cosign/rfc3161timestamp': z.string().optional(),
});
const logged = z.object({
  SignedEntryTimestamp: z.string(),
  Payload: z.object({ body: z.string(), integratedTime: z.int(), logIndex: z.int(), logID: z.string() }),
});
const body = z.object({ kind: z.string(), apiVersion: z.string() });
const stamped = z.object({ SignedRFC3161Timestamp: z.string() });
const document = z.object({ layers: z.array(z.looseObject({ annotations: z.unknown().optional() })) });

type Annotations = z.infer<typeof annotations>;

/** The layers that are signatures; what is said beside each of them is in its annotations, which `Manifest` leaves out. */
export function readCosignLayers(
  manifest: Manifest,
  found: string,
): { readonly layers: readonly CosignLayer[]; readonly problems: readonly Unusable[] } {
  const described = document.safeParse(tryParseJson(manifest.bytes.toString())).data?.layers ?? [];
  // The first blob is the config.
  const blobs = manifest.blobs.slice(1);
  if (blobs.length !== described.length)
    return { layers: [], problems: [{ found, problem: 'has layers that live elsewhere' }] };
  const layers = blobs.flatMap((blob, index): CosignLayer[] => {
    if (![MESSAGE, ENVELOPE].includes(blob.mediaType)) return [];
    const said = annotations.safeParse(described[index]?.annotations ?? {}).data;
    return [{ blob, toCandidate: (signed) => toCandidate(signed, { blob, said, found }) }];
  });
  const other = blobs.length - layers.length;
  const problems = other > 0 ? [{ found, problem: `has ${other} layers that are no signatures` }] : [];
  return { layers, problems };
}

interface Context {
  readonly blob: Descriptor;
  readonly said: Annotations | undefined;
  readonly found: string;
}

function toCandidate(signed: Buffer, { blob, said, found }: Context): Found {
  if (!said) return { found, problem: 'has annotations that are not text' };
  const material = toMaterial(said);
  if (typeof material === 'string') return { found, problem: material };
  const isMessage = blob.mediaType === MESSAGE;
  const content = isMessage ? { messageSignature: toMessageSignature(signed, said) } : toEnvelope(signed);
  if (content === null) return { found, problem: 'is not a DSSE envelope' };
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: material,
    ...content,
  };
  return { found, bundle, message: isMessage ? signed : null };
}

function toMessageSignature(signed: Buffer, said: Annotations) {
  const digest = createHash('sha256').update(signed).digest('base64');
  return { messageDigest: { algorithm: 'SHA2_256', digest }, signature: said['dev.cosignproject.cosign/signature'] };
}

function toEnvelope(signed: Buffer): { readonly dsseEnvelope: unknown } | null {
  const dsseEnvelope = tryParseJson(signed.toString());
  return dsseEnvelope === undefined ? null : { dsseEnvelope };
}

/** What the signature is verified with, as a bundle has it. A text: what is wrong with it. */
function toMaterial(said: Annotations): object | string {
  const entries = toLogEntries(said['dev.sigstore.cosign/bundle']);
  const stamps = toTimestamps(said['dev.sigstore.cosign/rfc3161timestamp']);
  if (entries === null) return 'has an entry of a transparency log that is malformed';
  if (stamps === null) return 'has a timestamp that is malformed';
  const common = { tlogEntries: entries, timestampVerificationData: { rfc3161Timestamps: stamps } };
  const pem = said['dev.sigstore.cosign/certificate'];
  // A signature by a key: the hint names none.
  if (pem === undefined || pem === '') return { publicKey: { hint: '' }, ...common };
  const der = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (der === undefined) return 'has a certificate that is malformed';
  return { x509CertificateChain: { certificates: [{ rawBytes: der.replace(/\s+/g, '') }] }, ...common };
}

/** null: malformed. */
function toLogEntries(text: string | undefined): readonly object[] | null {
  if (text === undefined || text === '') return [];
  const entry = logged.safeParse(tryParseJson(text)).data;
  const content = body.safeParse(tryParseJson(Buffer.from(entry?.Payload.body ?? '', 'base64').toString())).data;
  if (!entry || !content) return null;
  const { Payload: payload, SignedEntryTimestamp: signedEntryTimestamp } = entry;
  return [
    {
      logIndex: String(payload.logIndex),
      logId: { keyId: Buffer.from(payload.logID, 'hex').toString('base64') },
      kindVersion: { kind: content.kind, version: content.apiVersion },
      integratedTime: String(payload.integratedTime),
      inclusionPromise: { signedEntryTimestamp },
      canonicalizedBody: payload.body,
    },
  ];
}

/** null: malformed. */
function toTimestamps(text: string | undefined): readonly object[] | null {
  if (text === undefined || text === '') return [];
  const stamp = stamped.safeParse(tryParseJson(text)).data;
  return stamp ? [{ signedTimestamp: stamp.SignedRFC3161Timestamp }] : null;
}
