import { createHash, generateKeyPairSync, type KeyObject, sign, webcrypto } from 'node:crypto';
import path from 'node:path';
import { loadX509, type X509 } from '../edge/certificates.ts';

export interface IssueOptions {
  /** URL of a workflow with its ref, or an email address. */
  readonly identity?: string;
  readonly issuer?: string;
  /** Null: the certificate doesn't say. */
  readonly repository?: string | null;
  readonly ref?: string | null;
  readonly commit?: string | null;
  readonly runner?: string | null;
  /** Milliseconds. It is valid for ten minutes. */
  readonly notBefore?: number;
  /** False: no log of certificates has seen it. */
  readonly isLogged?: boolean;
}

export interface Fulcio {
  /** As a trusted root lists them. */
  readonly trusted: object;
  readonly ctLog: object;
  issue(publicKey: KeyObject, options: IssueOptions): Promise<InstanceType<X509['X509Certificate']>>;
}

export const COMMIT = 'a'.repeat(40);
export const WORKFLOW = 'https://github.com/acme/agent/.github/workflows/build.yml';
export const ISSUER = 'https://token.actions.githubusercontent.com';
const DEFAULTS = {
  identity: `${WORKFLOW}@refs/heads/main`,
  issuer: ISSUER,
  repository: 'https://github.com/acme/agent',
  ref: 'refs/heads/main',
  commit: COMMIT,
  runner: 'github-hosted',
  notBefore: Date.UTC(2026, 0, 1),
  isLogged: true,
};

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
// gh goes by the organization: this one it holds to all that the public instance has.
const NAME = 'CN=Test Fulcio, O=sigstore.dev';
const TEN_MINUTES = 600_000;
// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
const FULCIO = '1.3.6.1.4.1.57264.1';
const SCT = '1.3.6.1.4.1.11129.2.4.2';

export async function createFulcio(): Promise<Fulcio> {
  const x509 = await loadX509();
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: NAME,
    keys,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2040-01-01T00:00:00Z'),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const log = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const logKey = log.publicKey.export({ type: 'spki', format: 'der' });
  const validFor = { start: '2020-01-01T00:00:00Z' };
  const issuerHash = sha256(Buffer.from(root.publicKey.rawData));
  return {
    trusted: {
      subject: { organization: 'sigstore.dev', commonName: 'Test Fulcio' },
      uri: 'https://fulcio.test.example',
      certChain: { certificates: [{ rawBytes: Buffer.from(root.rawData).toString('base64') }] },
      validFor,
    },
    ctLog: {
      baseUrl: 'https://ct.test.example',
      hashAlgorithm: 'SHA2_256',
      publicKey: { rawBytes: logKey.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
      logId: { keyId: sha256(logKey).toString('base64') },
    },
    async issue(publicKey, options) {
      const facts = { ...DEFAULTS, ...options };
      const spki = publicKey.export({ type: 'spki', format: 'der' });
      const parameters = {
        serialNumber: '0123456789abcdef',
        subject: '',
        issuer: NAME,
        notBefore: new Date(facts.notBefore),
        notAfter: new Date(facts.notBefore + TEN_MINUTES),
        publicKey: await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
      };
      const extensions = [...(await extensionsOf(x509, root, facts))];
      const before = await x509.X509CertificateGenerator.create({ ...parameters, extensions });
      if (!facts.isLogged) return before;
      const entry = { tbs: tbsOf(Buffer.from(before.rawData)), issuerHash, at: facts.notBefore };
      const seen = new x509.Extension(SCT, false, signTimestamp(entry, log.privateKey, sha256(logKey)));
      return await x509.X509CertificateGenerator.create({ ...parameters, extensions: [...extensions, seen] });
    },
  };
}

type Facts = Required<IssueOptions>;

async function extensionsOf(x509: X509, root: InstanceType<X509['X509Certificate']>, facts: Facts) {
  const says = (name: number, value: string | null) =>
    value === null ? [] : [new x509.Extension(`${FULCIO}.${name}`, false, utf8String(value))];
  const type = facts.identity.includes('@') && !facts.identity.includes('/') ? 'email' : 'url';
  return [
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.3']),
    await x509.AuthorityKeyIdentifierExtension.create(root.publicKey),
    new x509.SubjectAlternativeNameExtension([{ type, value: facts.identity }], true),
    new x509.Extension(`${FULCIO}.1`, false, Buffer.from(facts.issuer)),
    ...says(8, facts.issuer),
    ...says(9, facts.identity),
    ...says(11, facts.runner),
    ...says(12, facts.repository),
    ...says(13, facts.commit),
    ...says(14, facts.ref),
    ...says(16, facts.repository && path.posix.dirname(facts.repository)),
  ];
}

/** DER, up to 65,535 bytes. */
function utf8String(text: string): Buffer {
  const content = Buffer.from(text);
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([0x0c, ...head]), content]);
}

/** The first element of the certificate's outer sequence, which is what is signed. */
function tbsOf(certificate: Buffer): Buffer {
  const start = headerLength(certificate, 0);
  const length = headerLength(certificate, start) + contentLength(certificate, start);
  return certificate.subarray(start, start + length);
}

function headerLength(der: Buffer, at: number): number {
  const first = der[at + 1]!;
  return first < 0x80 ? 2 : 2 + (first - 0x80);
}

function contentLength(der: Buffer, at: number): number {
  const first = der[at + 1]!;
  return first < 0x80 ? first : der.readUIntBE(at + 2, first - 0x80);
}

/** RFC 6962 3.2: a signed certificate timestamp, in the list that a certificate carries. */
function signTimestamp(
  { tbs, issuerHash, at }: { readonly tbs: Buffer; readonly issuerHash: Buffer; readonly at: number },
  key: KeyObject,
  logId: Buffer,
): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at));
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  const none = Buffer.from([0, 0]);
  const signed = Buffer.concat([Buffer.from([0, 0]), time, Buffer.from([0, 1]), issuerHash, length, tbs, none]);
  const signature = sign('sha256', signed, key);
  const one = Buffer.concat([Buffer.from([0]), logId, time, none, Buffer.from([4, 3]), sized(signature)]);
  const list = sized(sized(one));
  const head = list.length < 128 ? [list.length] : [0x81, list.length];
  return Buffer.concat([Buffer.from([0x04, ...head]), list]);
}

function sized(data: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(data.length);
  return Buffer.concat([length, data]);
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
