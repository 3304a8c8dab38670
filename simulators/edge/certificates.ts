import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

export interface HostCertificate {
  /** PEM, PKCS #8. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
}

/** A throw-away certificate authority: its key never leaves this process. */
export interface Authority {
  /** For NODE_EXTRA_CA_CERTS. */
  readonly certificatePem: string;
  /** One certificate for each host name, made when it is first asked for; one of its own for another validity. */
  issue(hostname: string, validity?: Validity): Promise<HostCertificate>;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export type X509 = typeof import('@peculiar/x509');

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const NAME = 'CN=Embedded clouds of deploy-agent (throw-away)';
// TLS looks at the real time and everything else here at the virtual one: both are inside.
const VALIDITY: Validity = { notBefore: new Date('2000-01-01T00:00:00Z'), notAfter: new Date('2100-01-01T00:00:00Z') };

export async function createAuthority(): Promise<Authority> {
  const x509 = await loadX509();
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...VALIDITY,
    name: NAME,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const issued = new Map<string, Promise<HostCertificate>>();
  return {
    certificatePem: certificate.toString('pem'),
    issue(hostname, validity) {
      if (validity) return issue(x509, { hostname, validity }, keys.privateKey);
      const certificate = issued.get(hostname) ?? issue(x509, { hostname, validity: VALIDITY }, keys.privateKey);
      issued.set(hostname, certificate);
      return certificate;
    },
  };
}

/**
 * The library's container for extensions refuses to load without these three functions, which the package
 * reflect-metadata would bring. It asks them for constructor parameters, and none of the library's classes has any.
 */
export async function loadX509(): Promise<X509> {
  const reflect = Reflect as { getMetadata?: unknown; getOwnMetadata?: unknown; defineMetadata?: unknown };
  reflect.getMetadata ??= () => undefined;
  reflect.getOwnMetadata ??= () => undefined;
  reflect.defineMetadata ??= () => {};
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  return x509;
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function issue(
  x509: X509,
  { hostname, validity }: { readonly hostname: string; readonly validity: Validity },
  signingKey: webcrypto.CryptoKey,
): Promise<HostCertificate> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity,
    // A common name ends at 64 characters and host names do not: clients read the alternative name only.
    subject: 'CN=embedded cloud',
    issuer: NAME,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: isIP(hostname) ? 'ip' : 'dns', value: hostname }]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), cert: certificate.toString('pem') };
}
