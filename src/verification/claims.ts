import type { Signer } from '@sigstore/verify';

/** What a certificate says of its owner, once its chain and the signature were verified. */
export interface CertificateClaims {
  /** URL of a workflow with its ref, or an email address. */
  readonly identity: string;
  readonly issuer: string;
  /** Of GitHub Actions and others that say it; null: it doesn't say. */
  readonly repository: string | null;
  readonly ref: string | null;
  readonly commit: string | null;
  /** `github-hosted` or `self-hosted`. */
  readonly runner: string | null;
}

/** What a signature says of an image, once it was verified. */
export interface Claims {
  readonly kind: 'attestation' | 'signature';
  /** Of an attestation, and of cosign's signatures in new bundles. */
  readonly predicateType: string | null;
  /** null: it was verified with a key. */
  readonly certificate: CertificateClaims | null;
}

// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
const FULCIO = '1.3.6.1.4.1.57264.1';
const RUNNER = `${FULCIO}.11`;
const REPOSITORY = `${FULCIO}.12`;
const COMMIT = `${FULCIO}.13`;
const REF = `${FULCIO}.14`;

export function readCertificate({ identity }: Signer): CertificateClaims {
  const values = new Map((identity?.oids ?? []).map(({ oid, value }) => [oid?.id.join('.') ?? '', value]));
  const text = (name: string): string | null => {
    const value = values.get(name);
    return value ? decodeUtf8String(value) : null;
  };
  return {
    identity: identity?.subjectAlternativeName ?? '',
    issuer: identity?.extensions?.issuer ?? '',
    repository: text(REPOSITORY),
    ref: text(REF),
    commit: text(COMMIT),
    runner: text(RUNNER),
  };
}

/** DER: tag 12, the length in one byte or, of a longer text, in two or three. null: it is something else. */
function decodeUtf8String(der: Buffer): string | null {
  if (der[0] !== 0x0c || der[1] === undefined) return null;
  const isLong = der[1] > 0x80;
  const width = isLong ? der[1] - 0x80 : 0;
  if (width > 2) return null;
  const length = isLong ? der.readUIntBE(2, width) : der[1];
  const content = der.subarray(2 + width);
  return content.length === length ? content.toString() : null;
}
