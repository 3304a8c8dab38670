import type { Endpoint } from '../../../model/endpoint.ts';
import type { PodPort } from '../split/services.ts';

/** What a pod of the cluster reaches at this host, the name of a Service or the address of a pod. */
export function insideEndpoint(host: string, { port, isTls }: PodPort): Endpoint {
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${isTls ? 'https' : 'http'}://${name}:${port}`,
    headers: async () => ({}),
    // Within a cluster no certificate is for such a name; the API server's proxy checks none either.
    connection: { isUnverified: true },
  };
}
