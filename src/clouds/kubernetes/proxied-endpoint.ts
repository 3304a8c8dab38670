import type { Endpoint } from '../../model/endpoint.ts';
import type { ClusterAccess } from '../cluster-login.ts';
import { urlOf } from './exchange.ts';

// Tried on 1.37: the API server takes these for itself or replaces them, so what it leads to never gets them. All others pass.
export const RESERVED_HEADERS: readonly string[] = [
  'authorization',
  'host',
  'impersonate-user',
  'impersonate-uid',
  'impersonate-group',
  'x-forwarded-uri',
  'x-remote-user',
  'x-remote-group',
  'x-remote-uid',
];

/** What the proxy of the API server leads to. Its credentials are renewed as those of all requests. */
export async function openProxied(access: ClusterAccess, path: string): Promise<Endpoint> {
  let latest = await access.credentials(null);
  return {
    url: urlOf(access.server, { path }).href,
    reservedHeaders: RESERVED_HEADERS,
    // A caller asks for the headers first, for each request: both are of one login.
    async headers() {
      latest = await access.credentials(null);
      return latest.headers;
    },
    get connection() {
      return latest.connection;
    },
  };
}
