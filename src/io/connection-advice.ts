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
const REACH = 'Check the spelling of the host, and the DNS, proxy and firewall of the runner; then run again.';

// The host was reached: looking for it elsewhere would not help.
const NOT_HTTP = 'What answers there does not speak HTTP: check the port, and whether it is http or https.';
const NOT_TLS = 'What answers there does not speak TLS: check the port, and whether it is http or https.';

/** Of a proxy that refused a tunnel: Node's own code, with the status line in its message. */
export const REFUSED_TUNNEL = 'ERR_PROXY_TUNNEL';
const PROXY_HINTS: ReadonlyMap<string, string> = new Map([
  [
    '407',
    'The proxy wants another login: correct user and password in HTTPS_PROXY (http://<user>:<password>@<host>:<port>), or name the host in NO_PROXY.',
  ],
  ['403', 'The proxy does not allow this host: allow it there, or name the host in NO_PROXY.'],
]);

/** The next step after a connection that failed, and whether trying again can help. */
export function adviceFor({
  code = '',
  message,
}: NodeJS.ErrnoException): Pick<DeployErrorOptions, 'hint' | 'isLasting'> {
  const [, answered = ''] = /: HTTP\/1\.\d (\d{3})\b/.exec(message) ?? [];
  const refused = code === REFUSED_TUNNEL ? PROXY_HINTS.get(answered) : undefined;
  if (refused !== undefined) return { hint: refused, isLasting: true };
  if (UNKNOWN_AUTHORITY.includes(code)) return { hint: TRUST, isLasting: true };
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT') return { hint: TRUST };
  if (code.startsWith('HPE_')) return { hint: NOT_HTTP };
  if (/wrong.version.number|packet.length.too.long/i.test(`${code} ${message}`)) return { hint: NOT_TLS };
  return { hint: REACH };
}
