import type { SimulatedRequest } from '../../edge/host.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import type { User } from '../access.ts';
import type { ClusterWorld } from '../world.ts';
import { ApiError, badRequest } from './api-error.ts';
import type { ApiPath } from './api-path.ts';

/** One request about an object or a list, allowed already. */
export interface ApiCall extends ApiPath {
  readonly world: ClusterWorld;
  readonly user: User;
  readonly request: SimulatedRequest;
  readonly query: URLSearchParams;
  /** Texts for `Warning` headers are added here. */
  readonly warnings: string[];
}

export interface ApiAnswer {
  readonly status: number;
  readonly object: JsonObject;
}

export function isDryRun({ query }: Pick<ApiCall, 'query'>): boolean {
  return query.getAll('dryRun').includes('All');
}

/** As the API server names whoever doesn't name themselves: by the program. */
export function managerOf({ query, request }: ApiCall): string {
  return query.get('fieldManager') || programOf(request);
}

export function programOf({ headers }: SimulatedRequest): string {
  return (headers['user-agent'] ?? '').split('/')[0] || 'unknown';
}

/** @throws ApiError 400 */
export function readBody({ request }: ApiCall): JsonObject {
  const document = readJson(request);
  if (isObject(document)) return document;
  throw badRequest('the object provided is unrecognized (must be of type an object)');
}

/** @throws ApiError 400; 415 for protobuf, which only a real one takes */
export function readJson({ body, headers }: SimulatedRequest): Json {
  if ((headers['content-type'] ?? '').includes('protobuf')) {
    const message =
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml';
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
  try {
    return JSON.parse(body.toString()) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}
