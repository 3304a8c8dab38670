import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { ConnectionOptions } from '../model/endpoint.ts';

/** What a connection of its own means in Node's words. The agents keep sockets of different options apart. */
export function tlsOptions({ ca, certificate, key, serverName, isUnverified }: ConnectionOptions = {}): TlsOptions {
  return {
    ...(ca ? { ca } : {}),
    ...(certificate ? { cert: certificate } : {}),
    ...(key ? { key } : {}),
    ...(serverName ? { servername: serverName } : {}),
    ...(isUnverified ? { rejectUnauthorized: false } : {}),
  };
}
