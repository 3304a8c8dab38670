import { isIP } from 'node:net';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from '../edge/host.ts';
import { answer, json, redirect } from './bytes.ts';

/** Where a hostile server would like to have something sent. */
export const COLLECTOR = 'collector.example';

const METADATA = /^(?:169\.254\.\d+\.\d+|fd00:ec2::254|metadata\.google\.internal|100\.100\.100\.200)$/;

/** No request may come here at all, whatever is in it. */
export function isForbidden(hostname: string): boolean {
  return METADATA.test(hostname.replace(/^\[|\]$/g, '')) || /^(?:127\.|localhost$|\[?::1\]?$)/.test(hostname);
}

/** Every host that is nobody's: it takes what it gets, and gives what keeps a client going. */
export class Collector implements SimulatedHost {
  serves(hostname: string): boolean {
    const bare = hostname.replace(/^\[|\]$/g, '');
    return isIP(bare) !== 0 || hostname.endsWith('.example') || METADATA.test(bare);
  }

  nameCall({ method }: SimulatedRequest): { readonly operation: string; readonly mutates: boolean } {
    return { operation: `collector:${method}`, mutates: false };
  }

  handle({ method, url }: SimulatedRequest): SimulatedResponse {
    if (url.pathname.includes('challenge'))
      return answer(401, '', { 'www-authenticate': `Bearer realm="https://${COLLECTOR}/token",service="x"` });
    if (url.pathname === '/back') return redirect(url.searchParams.get('to') ?? '/');
    if (url.pathname.includes('token')) return json(200, { token: 'token-of-the-collector', expires_in: 3_600 });
    if (method === 'POST' || method === 'PATCH')
      return answer(202, '', { location: `${url.origin}/v2/x/blobs/uploads/1` });
    if (method === 'PUT') return answer(201);
    return answer(200, 'collected', { 'content-type': 'text/plain' });
  }
}
