import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createFulcio, type Fulcio, type IssueOptions } from './fulcio.ts';
import { createLog, type TransparencyLog } from './log.ts';

export interface SignOptions extends IssueOptions {
  /** When the log took it: milliseconds. Default: within the certificate's ten minutes. */
  readonly loggedAt?: number;
  /** Signs by this key, without a certificate. */
  readonly key?: KeyObject;
  /** The log that it is entered into; null: none. Default: the instance's own. */
  readonly log?: TransparencyLog | null;
}

export interface AttestOptions extends SignOptions {
  readonly predicateType?: string;
  readonly payloadType?: string;
  /** Changed after it was signed. */
  readonly tamper?: (payload: Buffer) => Buffer;
}

/** What cosign leaves beside a message: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md */
export interface CosignMessage {
  readonly message: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A Sigstore instance of its own: certificate authority, log of certificates, log of signatures. */
export interface SigstoreInstance {
  /** `trusted_root.json` */
  readonly trustedRoot: object;
  readonly fulcio: Fulcio;
  readonly log: TransparencyLog;
  /** A bundle with an in-toto statement about the image with this digest. */
  attest(digest: string, options?: AttestOptions): Promise<object>;
  /** A signature of the format that cosign had before bundles. */
  signMessage(digest: string, options?: SignOptions): Promise<CosignMessage>;
}

export const PROVENANCE = 'https://slsa.dev/provenance/v1';
export const COSIGN_SIGNATURE = 'https://sigstore.dev/cosign/sign/v1';
const IN_TOTO = 'application/vnd.in-toto+json';

export async function createSigstore(): Promise<SigstoreInstance> {
  const fulcio = await createFulcio();
  const log = createLog('https://rekor.test.example');
  const trustedRoot = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log.trusted],
    certificateAuthorities: [fulcio.trusted],
    ctlogs: [fulcio.ctLog],
    timestampAuthorities: [],
  };
  return {
    trustedRoot,
    fulcio,
    log,
    async attest(digest, options = {}) {
      const { predicateType = PROVENANCE, payloadType = IN_TOTO, tamper = (payload) => payload } = options;
      const payload = Buffer.from(JSON.stringify(statementOf(digest, predicateType)));
      const signer = await openSigner(fulcio, options);
      const signature = signer.sign(encode(payloadType, payload));
      const entry = entryOf(options, log, (at) =>
        at.enterEnvelope({ payload, payloadType, signature, verifier: signer.verifier, ...timeOf(options) }),
      );
      return {
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        verificationMaterial: { ...signer.material, tlogEntries: entry ? [entry] : [], timestampVerificationData: {} },
        dsseEnvelope: {
          payload: tamper(payload).toString('base64'),
          payloadType,
          signatures: [{ sig: signature.toString('base64') }],
        },
      };
    },
    async signMessage(digest, options = {}) {
      const message = Buffer.from(JSON.stringify(messageOf(digest)));
      const signer = await openSigner(fulcio, options);
      const signature = signer.sign(message);
      const entry = entryOf(options, log, (at) =>
        at.enterMessage({ message, signature, verifier: signer.verifier, ...timeOf(options) }),
      );
      return {
        message,
        annotations: {
          'dev.cosignproject.cosign/signature': signature.toString('base64'),
          ...(signer.pem ? { 'dev.sigstore.cosign/certificate': signer.pem } : {}),
          ...(entry ? { 'dev.sigstore.cosign/bundle': JSON.stringify(toCosign(entry)) } : {}),
        },
      };
    },
  };
}

function statementOf(digest: string, predicateType: string): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'image', digest: { sha256: digest.replace('sha256:', '') } }],
    predicateType,
    predicate: {},
  };
}

function messageOf(digest: string): object {
  return {
    critical: {
      identity: { 'docker-reference': 'ghcr.io/acme/agent' },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  };
}

/** https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
function encode(type: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
}

async function openSigner(fulcio: Fulcio, options: SignOptions) {
  const { key } = options;
  if (key) {
    const verifier = Buffer.from(createPublicKey(key).export({ type: 'spki', format: 'pem' }));
    return {
      sign: (data: Buffer) => sign('sha256', data, key),
      verifier,
      material: { publicKey: { hint: 'test' } },
      pem: null,
    };
  }
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = await fulcio.issue(keys.publicKey, options);
  const pem = certificate.toString('pem');
  const rawBytes = Buffer.from(certificate.rawData).toString('base64');
  return {
    sign: (data: Buffer) => sign('sha256', data, keys.privateKey),
    verifier: Buffer.from(pem),
    material: { certificate: { rawBytes } },
    pem,
  };
}

function timeOf({ loggedAt, notBefore = Date.UTC(2026, 0, 1) }: SignOptions) {
  return { at: loggedAt ?? notBefore + 60_000 };
}

function entryOf<T>({ log }: SignOptions, own: TransparencyLog, enter: (log: TransparencyLog) => T): T | null {
  return log === null ? null : enter(log ?? own);
}

function toCosign(entry: ReturnType<TransparencyLog['enterMessage']>): object {
  return {
    SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
    Payload: {
      body: entry.canonicalizedBody,
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
    },
  };
}
