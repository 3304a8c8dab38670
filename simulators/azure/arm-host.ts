import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Principal } from './access.ts';
import { isName } from './apps/find.ts';
import { ArmError } from './arm-error.ts';
import type { AzureWorld } from './world.ts';

export interface ArmCall {
  /** Of the path, by name: `group`, `app`. */
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly principal: Principal;
}

export interface ArmAnswer {
  readonly status: number;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of the published API. */
export interface ArmRoute {
  /** As the API's description names it: `ContainerApps_Update`. */
  readonly operation: string;
  readonly method: string;
  /** With names in braces: `/subscriptions/{subscription}/providers/…`. */
  readonly path: string;
  /** What a role must allow; null: whoever is known may. */
  readonly action: string | null;
  readonly run: (world: AzureWorld, call: ArmCall) => ArmAnswer;
}

const HOST = 'management.azure.com';
/** Since api-versions of one provider may be newer than the description that a client was made of. */
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  'microsoft.app': ['2024-03-01', '2025-01-01', '2025-07-01', '2026-01-01', '2026-07-01'],
  'microsoft.containerservice': ['2025-07-01', '2025-08-01', '2025-09-01'],
  'microsoft.containerregistry': ['2023-07-01', '2025-04-01', '2025-11-01'],
};

/** Azure Resource Manager. */
export function createArmHost(world: AzureWorld, clock: TimeSource, routes: readonly ArmRoute[]): SimulatedHost {
  const compiled = routes.map((route) => ({ route, pattern: toPattern(route.path) }));
  const find = ({ method, url }: SimulatedRequest) => {
    for (const { route, pattern } of compiled) {
      const match = route.method === method ? pattern.exec(url.pathname) : null;
      if (match) return { route, names: decodeNames(match.groups ?? {}) };
    }
    return null;
  };
  return {
    serves: (hostname) => hostname.toLowerCase() === HOST,
    nameCall: (request) => {
      const found = find(request);
      return {
        operation: `arm:${found?.route.operation ?? 'unknown'}`,
        mutates: found !== null && request.method !== 'GET' && !READS.test(found.route.operation),
      };
    },
    handle: (request) => {
      const now = clock.now();
      world.queue.advanceTo(now);
      const requestId = world.ids.uuid();
      const headers = {
        'x-ms-request-id': requestId,
        'x-ms-correlation-request-id': request.headers['x-ms-correlation-request-id'] ?? requestId,
      };
      return toResponse(tryAnswer(world, request, find(request)), headers);
    },
  };
}

/** POST because what they answer is secret, not because they change something. */
const READS = /_(ListSecrets|GetAuthToken|ListClusterUserCredentials)$/;

type Found = { readonly route: ArmRoute; readonly names: Readonly<Record<string, string>> } | null;

function tryAnswer(world: AzureWorld, request: SimulatedRequest, found: Found): ArmAnswer {
  try {
    return answer(world, request, found);
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    const { status, code, message, headers } = error;
    return { status, headers, body: { error: { code, message } } };
  }
}

function answer(world: AzureWorld, request: SimulatedRequest, found: Found): ArmAnswer {
  const principal = world.access.authenticate(request, world.queue.now);
  if (!found)
    throw new ArmError(
      404,
      'InvalidResourceType',
      `The resource type could not be found for '${request.url.pathname}'.`,
    );
  const { route, names } = found;
  checkVersion(world, request.url, route);
  checkPlace(world, names);
  if (route.action !== null) world.access.authorize(principal, route.action, scopeOf(request.url));
  return route.run(world, { names, query: request.url.searchParams, body: parseBody(request), principal });
}

function checkVersion(world: AzureWorld, url: URL, { path }: ArmRoute): void {
  const version = url.searchParams.get('api-version');
  if (!version) {
    const message = 'The api-version query parameter (?api-version=) is required for all requests.';
    throw new ArmError(400, 'MissingApiVersionParameter', message);
  }
  const provider = /\/providers\/([^/]+)\/([^/]+)/.exec(path);
  const known = VERSIONS[provider?.[1]?.toLowerCase() ?? ''];
  if (!known || known.includes(version)) return;
  const message =
    `No registered resource provider found for location '${world.location}' and API version '${version}' for type ` +
    `'${provider?.[2]}'. The supported api-versions are '${known.join(', ')}'.`;
  throw new ArmError(400, 'NoRegisteredProviderFound', message);
}

function checkPlace(world: AzureWorld, names: Readonly<Record<string, string>>): void {
  const { subscription, group } = names;
  if (subscription !== undefined && !isName(subscription, world.subscription)) {
    throw new ArmError(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`);
  }
  if (group !== undefined && ![...world.resourceGroups].some((known) => isName(known, group))) {
    throw new ArmError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
  }
}

/** An action of a resource (`…/activate`) is authorized at the resource. */
function scopeOf(url: URL): string {
  const parts = decodeURIComponent(url.pathname).split('/');
  return parts.length % 2 === 0 && parts.length > 9 ? parts.slice(0, -1).join('/') : parts.join('/');
}

function parseBody({ body, method }: SimulatedRequest): JsonObject {
  if (body.length === 0 || method === 'GET') return {};
  try {
    const value: unknown = JSON.parse(body.toString());
    if (isObject(value)) return value;
  } catch {
    // Answered below like any other body that is not an object.
  }
  const message = 'The request content was invalid and could not be deserialized.';
  throw new ArmError(400, 'InvalidRequestContent', message);
}

function toPattern(path: string): RegExp {
  const source = path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)').replace(/\{\*(\w+)\}/g, '(?<$1>.+)');
  return new RegExp(`^${source}/?$`, 'i');
}

function decodeNames(groups: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
}

function toResponse(answer: ArmAnswer, headers: Readonly<Record<string, string>>): SimulatedResponse {
  const { status, body } = answer;
  return {
    status,
    headers: {
      ...headers,
      'cache-control': 'no-cache',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      ...answer.headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}
