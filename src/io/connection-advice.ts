import type { DeployErrorOptions } from '../model/errors.ts';

// https://nodejs.org/api/tls.html#x509-certificate-error-codes
// Not DEPTH_ZERO_SELF_SIGNED_CERT: an ingress shows such a certificate until its own one is issued.
const UNKNOWN_AUTHORITY = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];
const TRUST =
  'The certificate comes from an authority that this runner does not know: set NODE_EXTRA_CA_CERTS in the environment of the runner, or in the `env:` of the job, to a PEM file with its certificate.';
/** The server sent one certificate, and who issued it is not known. */
const LONE_CERTIFICATE = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
const CHAIN =
  'Where the authority is a public one, the server leaves out an intermediate certificate: have it send the whole chain.';
const REACH = 'Check the spelling of the host, and the DNS, proxy and firewall of the runner; then run again.';

/** Of a proxy that refused a tunnel: Node's own code, with the status line in its message. */
export const REFUSED_TUNNEL = 'ERR_PROXY_TUNNEL';
const PROXY_HINTS: ReadonlyMap<string, string> = new Map([
  [
    '407',
    'The proxy wants another login: correct user and password in HTTPS_PROXY (http://<user>:<password>@<host>:<port>), or name the host in NO_PROXY.',
  ],
  ['403', 'The proxy does not allow this host: allow it there, or name the host in NO_PROXY.'],
]);

/** Of failures that may pass: an ingress shows an old certificate, or another one, until its own is issued. */
const HINTS: ReadonlyMap<string, string> = new Map([
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'The certificate of the server is for other names: check the spelling of the host, or give the server a certificate that names it.',
  ],
  [
    'CERT_HAS_EXPIRED',
    'The certificate of the server has expired: renew it. If it is a new one, check the clock of the runner.',
  ],
  ['CERT_NOT_YET_VALID', 'The certificate of the server is not valid yet: check the clock of the runner.'],
  [
    'HPE_HEADER_OVERFLOW',
    'The server sent more headers than any client takes: check the server, and the proxy before it.',
  ],
]);
const NO_TLS = 'The server does not speak TLS on this port: check the port, and whether it is one for https.';
const NO_HTTP = 'What answers on this port is not HTTP/1.1: check the port, and the proxy on the way to it.';

/** The next step after a connection that failed, and whether trying again can help. */
export function adviceFor({
  code = '',
  message,
}: NodeJS.ErrnoException): Pick<DeployErrorOptions, 'hint' | 'isLasting'> {
  const [, answered = ''] = /: HTTP\/1\.\d (\d{3})\b/.exec(message) ?? [];
  const refused = code === REFUSED_TUNNEL ? PROXY_HINTS.get(answered) : undefined;
  if (refused !== undefined) return { hint: refused, isLasting: true };
  if (UNKNOWN_AUTHORITY.includes(code))
    return { hint: code === LONE_CERTIFICATE ? `${TRUST} ${CHAIN}` : TRUST, isLasting: true };
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT') return { hint: TRUST };
  if (/wrong.version.number|packet.length.too.long/i.test(`${code} ${message}`)) return { hint: NO_TLS };
  return { hint: HINTS.get(code) ?? (code.startsWith('HPE_') ? NO_HTTP : REACH) };
}

/** Why a connection failed, in one line. Where a name has several addresses, Node says it of each and nothing of all. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  const { errors } = error as { readonly errors?: readonly Error[] };
  const reasons = errors?.map(reasonOf) ?? [error.message.replace(OPENSSL, '$1')];
  return [...new Set(reasons)].join('; ').trim() || error.code || 'connection failed';
}

/** Between thread, code and function, and the line of its own source, OpenSSL names what is wrong. */
const OPENSSL = /[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):[^\n]*\n?/g;
