import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import type { JsonObject } from '../json.ts';
import { type Access, authenticate, authorize } from './access.ts';
import { AwsError } from './aws-error.ts';
import { type Call, findOperation, formatError, formatResult, type Protocol, parseCall } from './protocol.ts';
import type { AwsWorld } from './world.ts';

/** One AWS service: what it is called, how it is spoken to and what it can do. */
export interface Api {
  readonly protocol: Protocol;
  readonly hostnames: readonly string[];
  readonly operations: Readonly<Record<string, (body: JsonObject) => JsonObject>>;
}

interface ApiHost {
  readonly api: Api;
  readonly world: AwsWorld;
  readonly clock: TimeSource;
  readonly access: Access;
  /** Called with every call that is allowed, before it takes effect. */
  readonly onCall: (operation: string, body: string) => void;
}

const MUTATES = /^(Register|Deregister|Update|Stop|Continue|Create|Delete|Put|Run|Start|Tag|Untag|Modify)/;

export function createApiHost(host: ApiHost): SimulatedHost {
  const { protocol, hostnames } = host.api;
  return {
    serves: (hostname) => hostnames.includes(hostname.toLowerCase()),
    nameCall: (request) => {
      const operation = findOperation(protocol, request) ?? 'unknown';
      return { operation: `${protocol.service}:${operation}`, mutates: MUTATES.test(operation) };
    },
    handle: (request) => {
      const now = host.clock.now();
      host.world.queue.advanceTo(now);
      const requestId = host.world.ids.uuid();
      const response = answer(host, request, requestId);
      const headers = { 'x-amzn-requestid': requestId, date: new Date(now).toUTCString() };
      return { ...response, headers: { ...response.headers, ...headers } };
    },
  };
}

function answer(host: ApiHost, request: SimulatedRequest, requestId: string): SimulatedResponse {
  const { protocol } = host.api;
  try {
    const call = parseCall(protocol, request);
    authenticate(host.access, protocol, { request, now: host.clock.now() });
    authorize(host.access, protocol, call);
    host.onCall(`${protocol.service}:${call.operation}`, request.body.toString());
    const result = execute(host.api, call);
    return formatResult(protocol, { operation: call.operation, result, requestId });
  } catch (error) {
    if (error instanceof AwsError) return formatError(protocol, error, requestId);
    throw error;
  }
}

function execute({ operations, protocol }: Api, { operation, body }: Call): JsonObject {
  const run = operations[operation];
  if (run) return run(body);
  const message = `The simulated ${protocol.service} has no operation ${operation}.`;
  throw new AwsError(protocol.kind === 'query' ? 'InvalidAction' : 'UnknownOperationException', message);
}
