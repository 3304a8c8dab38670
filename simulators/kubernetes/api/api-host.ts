import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../../edge/host.ts';
import type { JsonObject } from '../../json.ts';
import type { Access } from '../access.ts';
import { type ClusterWorld, timeOf } from '../world.ts';
import { answerReview, isReviewPath } from './access-reviews.ts';
import { type ApiAnswer, type ApiCall, programOf, readJson } from './api-call.ts';
import { ApiError, toStatus } from './api-error.ts';
import { parseApiPath } from './api-path.ts';
import { deleteCall, deleteCollectionCall } from './delete-calls.ts';
import { discover } from './discovery.ts';
import { actOf, nameCall, verbOf } from './name-call.ts';
import { findObject, listObjects } from './read-calls.ts';
import { toScale } from './scale.ts';
import { watchObjects } from './watch-calls.ts';
import { createCall, patchCall, replaceCall } from './write-calls.ts';

export interface ApiServer {
  readonly world: ClusterWorld;
  readonly access: Access;
  readonly clock: TimeSource;
  readonly serves: (hostname: string) => boolean;
  /** What a running container printed. @throws ApiError */
  readonly readLog: (call: ApiCall) => string;
  /** A request to a pod or a Service, through the API server. @throws ApiError */
  readonly proxy: (call: ApiCall) => SimulatedResponse;
}

export function createApiHost(server: ApiServer): SimulatedHost {
  return {
    serves: server.serves,
    nameCall,
    handle(request) {
      server.world.queue.advanceTo(server.clock.now());
      try {
        return answer(server, request);
      } catch (error) {
        if (error instanceof ApiError) return toResponse({ status: error.code, object: toStatus(error) }, []);
        throw error;
      }
    },
  };
}

function answer(server: ApiServer, request: SimulatedRequest): SimulatedResponse {
  const { access, world, clock } = server;
  const { url, method } = request;
  if (['/healthz', '/readyz', '/livez'].includes(url.pathname)) return toText('ok');
  const user = access.authenticate(request);
  if (isReviewPath(url.pathname) && method === 'POST') {
    return toResponse(
      {
        status: 201,
        object: answerReview(access, user, {
          review: readJson(request) as JsonObject,
          by: programOf(request),
          time: timeOf(world),
        }),
      },
      [],
    );
  }
  const found = discover(url.pathname);
  if (found) return toResponse({ status: 200, object: found }, []);
  const path = parseApiPath(url.pathname);
  if (!path) throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  access.authorize(user, actOf(request, path));
  const call: ApiCall = { ...path, world, user, request, query: url.searchParams, warnings: [] };
  if (path.subresource === 'log') return toText(server.readLog(call));
  if (path.subresource === 'proxy') return server.proxy(call);
  if (verbOf(request, path) === 'watch') return watchObjects(call, clock);
  return toResponse(run(call), call.warnings);
}

function run(call: ApiCall): ApiAnswer {
  const { world, name, subresource } = call;
  switch (verbOf(call.request, call)) {
    case 'get': {
      const object = findObject(world, call);
      return { status: 200, object: subresource === 'scale' ? toScale(object) : object };
    }
    case 'list':
      return { status: 200, object: listObjects(call) };
    case 'create':
      if (name === '') return createCall(call);
      break;
    case 'update':
      return replaceCall(call);
    case 'patch':
      return patchCall(call);
    case 'delete':
      return deleteCall(call);
    case 'deletecollection':
      return deleteCollectionCall(call);
  }
  throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

function toResponse({ status, object }: ApiAnswer, warnings: readonly string[]): SimulatedResponse {
  const texts = [...new Set(warnings)].map((text) => `299 - ${JSON.stringify(text)}`);
  return {
    status,
    headers: { 'content-type': 'application/json', ...(texts.length > 0 ? { warning: texts.join(', ') } : {}) },
    body: JSON.stringify(object),
  };
}

function toText(body: string): SimulatedResponse {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body };
}
