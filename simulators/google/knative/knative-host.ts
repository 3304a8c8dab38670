import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../../edge/host.ts';
import type { JsonObject } from '../../json.ts';
import { formatError, GoogleError } from '../google-error.ts';
import type { Revision } from '../run/state.ts';
import type { GoogleWorld } from '../world.ts';
import { viewKnativeRevision } from './revision-view.ts';
import { viewKnativeService } from './service-view.ts';

const PATH = /^\/apis\/serving\.knative\.dev\/v1\/namespaces\/([^/]+)\/(services|revisions)(?:\/([^/]+))?$/;

/** What gcloud speaks: the state of the same services, read only. https://cloud.google.com/run/docs/reference/rest/v1 */
export function createKnativeHost(world: GoogleWorld, clock: TimeSource): SimulatedHost {
  return {
    serves: (hostname) => hostname === `${world.region}-run.googleapis.com`,
    nameCall: ({ method, url }) => ({
      operation: `knative:${method} ${PATH.exec(url.pathname)?.[2] ?? 'unknown'}`,
      mutates: method !== 'GET',
    }),
    handle: (request) => {
      world.queue.advanceTo(clock.now());
      try {
        return json(answer(world, request));
      } catch (error) {
        if (error instanceof GoogleError) return formatError(error);
        throw error;
      }
    },
  };
}

function answer(world: GoogleWorld, request: SimulatedRequest): JsonObject {
  world.access.authenticate(request);
  const [, namespace = '', kind = '', name] = PATH.exec(request.url.pathname) ?? [];
  if (request.method !== 'GET' || ![world.project, world.projectNumber].includes(namespace)) {
    throw new GoogleError('NOT_FOUND', `The simulated Cloud Run v1 has no ${request.method} ${request.url.pathname}.`);
  }
  const all =
    kind === 'services' ? world.services.map((service) => viewKnativeService(world, service)) : revisionsOf(world);
  if (name === undefined) return { ...listHead(kind), items: all.filter(isSelected(request)) };
  const found = all.find(({ metadata }) => (metadata as JsonObject)['name'] === name);
  if (found) return found;
  throw new GoogleError('NOT_FOUND', `Resource '${name}' of kind '${kind.slice(0, -1).toUpperCase()}' does not exist.`);
}

/** The newest first. */
function revisionsOf(world: GoogleWorld): JsonObject[] {
  return world.services.flatMap((service) =>
    service.revisions
      .filter(({ visible }: Revision) => visible)
      .toReversed()
      .map((revision) => viewKnativeRevision(world, service, revision)),
  );
}

function listHead(kind: string): JsonObject {
  const one = kind === 'services' ? 'Service' : 'Revision';
  return { apiVersion: 'serving.knative.dev/v1', kind: `${one}List`, metadata: {} };
}

/** `labelSelector=serving.knative.dev/service = agent` */
function isSelected({ url }: SimulatedRequest): (item: JsonObject) => boolean {
  const selector = url.searchParams.get('labelSelector') ?? '';
  const [, label = '', value = ''] = /^([\w./-]+)\s*(?:=|==|in)\s*\(?([\w.-]+)\)?$/.exec(selector) ?? [];
  return ({ metadata }) => label === '' || ((metadata as JsonObject)['labels'] as JsonObject)[label] === value;
}

function json(document: JsonObject): SimulatedResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(document),
  };
}
