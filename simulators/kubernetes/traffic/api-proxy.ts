import type { SimulatedRequest, SimulatedResponse } from '../../edge/host.ts';
import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import type { ApiCall } from '../api/api-call.ts';
import { ApiError, badRequest } from '../api/api-error.ts';
import { findObject } from '../api/read-calls.ts';
import { numberAt } from '../object.ts';
import { SERVICES } from '../resources.ts';
import { type Address, readyAddresses, Turns } from './endpoints.ts';

type Answer = (ip: string, port: number, request: SimulatedRequest) => SimulatedResponse | null;

/** Requests through the API server: to a pod, ready or not, or to a Service's ready pods. */
export function createApiProxy(answer: Answer): (call: ApiCall) => SimulatedResponse {
  const turns = new Turns();
  return (call) => {
    const { name, port } = parseTarget(call.name);
    const address = call.kind === SERVICES ? serviceAddress(call, { name, port, turns }) : podAddress(call, name, port);
    const found = answer(address.ip, address.port, passedOn(call, address));
    if (found) return found;
    const message = `error trying to reach service: dial tcp ${address.ip}:${address.port}: connect: connection refused`;
    throw new ApiError(503, 'ServiceUnavailable', message);
  };
}

/** `web`, `web:8080`, `http:web:8080`. @throws ApiError 400 */
function parseTarget(text: string): { readonly name: string; readonly port: string } {
  const [, scheme = '', name = '', port = ''] = /^(?:(https?|):)?([^:]+)(?::([^:]*))?$/.exec(text) ?? [];
  if (name === '') throw badRequest(`invalid pod request "${text}"`);
  if (scheme === 'https')
    throw new ApiError(
      503,
      'ServiceUnavailable',
      `error trying to reach service: tls: first record does not look like a TLS handshake`,
    );
  return { name, port };
}

function serviceAddress(
  { world, kind, namespace }: ApiCall,
  { name, port, turns }: { readonly name: string; readonly port: string; readonly turns: Turns },
): Address {
  const service = findObject(world, { kind, namespace, name });
  const ports = objectsAt(service, 'spec', 'ports');
  const isKnown = port === '' || ports.some((one) => String(one['port']) === port || one['name'] === port);
  if (!isKnown) throw new ApiError(503, 'ServiceUnavailable', `no service port "${port}" found for service "${name}"`);
  const next = turns.next(`${namespace}/${name}`, readyAddresses(world.store, { namespace, service: name, port }));
  if (next) return next;
  throw new ApiError(503, 'ServiceUnavailable', `no endpoints available for service "${name}"`);
}

function podAddress({ world, kind, namespace }: ApiCall, name: string, port: string): Address {
  const pod = findObject(world, { kind, namespace, name });
  const ip = textAt(pod, 'status', 'podIP');
  if (ip === '') throw new ApiError(400, 'BadRequest', `address not allowed`);
  return { ip, port: numberOf(pod, port) };
}

/** Absent: the first port that a container names. */
function numberOf(pod: JsonObject, port: string): number {
  if (/^\d+$/.test(port)) return Number(port);
  const ports = objectsAt(pod, 'spec', 'containers').flatMap((container) => objectsAt(container, 'ports'));
  const found = port === '' ? ports[0] : ports.find((one) => one['name'] === port);
  return found ? numberAt(found, 'containerPort') : 80;
}

/** As it reaches the pod: the login is taken off, and where it came from is added. */
function passedOn({ request, rest }: ApiCall, { ip, port }: Address): SimulatedRequest {
  const { authorization: _, ...headers } = request.headers;
  const url = new URL(`http://${ip}:${port}${rest}${request.url.search}`);
  return { ...request, url, headers: { ...headers, 'x-forwarded-uri': request.url.pathname } };
}
