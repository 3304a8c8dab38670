import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from '../../simulators/edge/host.ts';
import { nameCall } from '../../simulators/kubernetes/api/name-call.ts';
import type { RealApi } from './real-api.ts';

/**
 * The real API server behind the edge, under the host name of the simulated one: so faults, kills and counts of calls are
 * the same on both.
 */
export function forwardTo(api: RealApi, hostname: string): SimulatedHost {
  return {
    serves: (name) => name === hostname,
    nameCall,
    // As a proxy says it; the connection may be gone because the test is over.
    handle: (request) => forward(api, request).catch(() => ({ status: 502, body: 'the API server went away\n' })),
  };
}

const OF_THE_CONNECTION = ['connection', 'content-length', 'transfer-encoding', 'date', 'audit-id'];

async function forward(api: RealApi, { method, url, headers, body }: SimulatedRequest): Promise<SimulatedResponse> {
  const { host: _, connection: __, 'transfer-encoding': ___, ...passed } = headers;
  const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
  const answer = await api.pass(`${url.pathname}${url.search}`, { method, headers: { ...passed, ...length }, body });
  const own = Object.entries(answer.headers).filter(([name]) => !OF_THE_CONNECTION.includes(name));
  return { status: answer.status, headers: Object.fromEntries(own), body: answer.body };
}
