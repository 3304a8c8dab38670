import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import { isObject, type JsonObject } from '../json.ts';
import { formatError, GoogleError } from './google-error.ts';
import { type FoundCall, findCall } from './run/api.ts';
import type { Later } from './run/call.ts';
import type { GoogleWorld } from './world.ts';

interface ApiHost {
  readonly world: GoogleWorld;
  readonly clock: TimeSource;
  /** Called with every call that is allowed, before it takes effect. */
  readonly onCall: (operation: string, request: SimulatedRequest) => void;
}

/** The Cloud Run Admin API v2, as REST. */
export function createRunHost(host: ApiHost): SimulatedHost {
  return {
    serves: (hostname) => hostname === 'run.googleapis.com',
    nameCall: ({ method, url }) => {
      const found = findCall(method, url.pathname);
      return {
        operation: `run:${found?.route.operation ?? 'unknown'}`,
        mutates: found?.route.mutates ?? method !== 'GET',
      };
    },
    handle: (request) => {
      host.world.queue.advanceTo(host.clock.now());
      return inJson(() => execute(host, request), host);
    },
  };
}

function execute(host: ApiHost, request: SimulatedRequest): JsonObject | Later {
  const { world } = host;
  const principal = world.access.authenticate(request);
  const found: FoundCall | null = findCall(request.method, request.url.pathname);
  if (!found)
    throw new GoogleError('NOT_FOUND', `The simulated Cloud Run has no ${request.method} ${request.url.pathname}.`);
  host.onCall(`run:${found.route.operation}`, request);
  const { name, route } = found;
  return route.run({ world, principal, name, query: request.url.searchParams, body: parseBody(request.body) });
}

function inJson(run: () => JsonObject | Later, host: ApiHost): SimulatedResponse {
  try {
    const result = run();
    if (isLater(result)) return answerLater(result, host);
    return {
      status: 200,
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: JSON.stringify(result),
    };
  } catch (error) {
    if (error instanceof GoogleError) return formatError(error);
    throw error;
  }
}

function answerLater({ at, look }: Later, host: ApiHost): SimulatedResponse {
  const answer = (): SimulatedResponse => {
    host.world.queue.advanceTo(host.clock.now());
    return inJson(look, host);
  };
  return { status: 200, later: { at, answer } };
}

function isLater(result: JsonObject | Later): result is Later {
  return typeof result['look'] === 'function';
}

function parseBody(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  try {
    const document: unknown = JSON.parse(body.toString());
    if (isObject(document)) return document;
  } catch {
    // Answered below like any other body that is not an object.
  }
  throw new GoogleError('INVALID_ARGUMENT', 'Invalid JSON payload received. The body is not an object.');
}
