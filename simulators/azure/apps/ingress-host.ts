import { answerOf } from '../../container-answer.ts';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../../edge/host.ts';
import { at, objectsAt, textAt } from '../../json.ts';
import type { AzureWorld } from '../world.ts';
import { homeOf } from './change-app.ts';
import { isName } from './find.ts';
import { refusalOf } from './ingress-rules.ts';
import { isReady } from './replicas.ts';
import { noteRequest, wake } from './revision-life.ts';
import type { ContainerApp, ReplicaContainer, Revision, ServedRequest } from './state.ts';
import { chooseByWeight, findByLabel } from './traffic.ts';

interface Destination {
  readonly app: ContainerApp;
  readonly by: ServedRequest['by'];
  /** null: none. By weight it is another one each time. */
  readonly choose: () => Revision | null;
  /** The address is one of an internal app: nothing answers there from outside. */
  readonly isInternal: boolean;
}

/** `<app>`, `<app>---<label>` or `<app>--<suffix of a revision>`, each with `.internal` where the ingress isn't external. */
const ADDRESS = /^([a-z0-9-]*?[a-z0-9])(?:---(.+?)|--(.+?))?(\.internal)?$/;
/** Envoy gives a request up after that: https://learn.microsoft.com/azure/container-apps/ingress-overview */
const REQUEST_TIMEOUT_MS = 240_000;

/** The apps' own addresses: by weight, by label and by revision. Every request is really answered, or not, by a container. */
export function createIngressHost(world: AzureWorld, clock: TimeSource): SimulatedHost {
  return {
    serves: (hostname) =>
      world.environments.some(({ domain }) => hostname.toLowerCase().endsWith(`.${domain}`)) ||
      customApp(world, hostname) !== null,
    nameCall: ({ method, url }) => ({ operation: `workload:${method} ${url.pathname}`, mutates: false }),
    handle: (request) => {
      world.queue.advanceTo(clock.now());
      const destination = findDestination(world, request.url.hostname.toLowerCase());
      return destination ? answer(world, destination, request) : noSuchApp();
    },
  };
}

function findDestination(world: AzureWorld, hostname: string): Destination | null {
  const custom = customApp(world, hostname);
  if (custom) return { app: custom, by: 'app', choose: () => chooseByWeight(custom), isInternal: false };
  const environment = world.environments.find(({ domain }) => hostname.endsWith(`.${domain}`));
  if (!environment) return null;
  const [, name = '', label, suffix, internal] = ADDRESS.exec(hostname.slice(0, -environment.domain.length - 1)) ?? [];
  const app = world.apps.find((candidate) => candidate.environment === environment && isName(candidate.name, name));
  const ingress = at(app?.document, 'properties', 'configuration', 'ingress');
  if (!app || !ingress) return null;
  const isExternal = at(ingress, 'external') === true;
  if (isExternal === (internal !== undefined)) return null;
  const isInternal = !isExternal || environment.internal || environment.closed;
  if (label !== undefined) return { app, by: 'label', choose: () => findByLabel(app, label), isInternal };
  if (suffix === undefined) return { app, by: 'app', choose: () => chooseByWeight(app), isInternal };
  const choose = (): Revision | null =>
    app.revisions.find((candidate) => candidate.active && isName(candidate.suffix, suffix)) ?? null;
  return { app, by: 'revision', choose, isInternal };
}

function customApp(world: AzureWorld, hostname: string): ContainerApp | null {
  const isIts = (app: ContainerApp): boolean =>
    objectsAt(app.document, 'properties', 'configuration', 'ingress', 'customDomains').some((domain) =>
      isName(textAt(domain, 'name'), hostname),
    );
  return world.apps.find(isIts) ?? null;
}

function answer(world: AzureWorld, destination: Destination, request: SimulatedRequest): SimulatedResponse {
  const { app, by } = destination;
  const refusal = destination.isInternal ? noSuchApp() : refusalOf(app, request);
  const revision = refusal ? null : destination.choose();
  const response = refusal ?? forward(world, { app, by, revision }, request);
  app.requests.push({
    at: world.queue.now,
    by,
    revision: revision?.name ?? null,
    method: request.method,
    path: request.url.pathname,
    status: response.status,
    userAgent: request.headers['user-agent'] ?? '',
  });
  return response;
}

function forward(
  world: AzureWorld,
  {
    app,
    by,
    revision,
  }: { readonly app: ContainerApp; readonly by: Destination['by']; readonly revision: Revision | null },
  request: SimulatedRequest,
): SimulatedResponse {
  if (app.runningStatus === 'Stopped' || (!revision && by !== 'app')) return noSuchApp();
  if (!revision) return unavailable('no healthy upstream');
  const home = homeOf(world, app);
  noteRequest(home, revision);
  if (revision.replicas.length === 0) return answerWhenAwake(world, { app, revision, request });
  const ready = revision.replicas.filter(isReady);
  if (ready.length === 0)
    return unavailable('upstream connect error or disconnect/reset before headers. reset reason: connection refused');
  const turns = ready.reduce((sum, { containers }) => sum + containers[0]!.requests, 0);
  const container = ready[turns % ready.length]!.containers[0]!;
  return answerBy(container, request, world.queue.now - (container.startedAt ?? world.queue.now));
}

/** The request is held until a replica has started for it, or given up. */
function answerWhenAwake(
  world: AzureWorld,
  {
    app,
    revision,
    request,
  }: { readonly app: ContainerApp; readonly revision: Revision; readonly request: SimulatedRequest },
): SimulatedResponse {
  const home = homeOf(world, app);
  wake(home, revision);
  const [container] = revision.replicas[0]!.containers;
  const behaviour = world.images.pull(container!.image)?.behaviour ?? null;
  const readyAfterMs = Math.ceil((behaviour?.readyAfterMs ?? 0) / 1_000) * 1_000;
  const startsUp = behaviour && (!behaviour.crash || behaviour.crash.afterMs > readyAfterMs);
  if (!startsUp) return { ...unavailable('stream timeout'), status: 504, delayMs: REQUEST_TIMEOUT_MS };
  container!.behaviour = behaviour;
  const response = answerBy(container!, request, readyAfterMs);
  return { ...response, delayMs: app.staging.coldStartMs + readyAfterMs + (response.delayMs ?? 0) };
}

function answerBy(container: ReplicaContainer, request: SimulatedRequest, uptimeMs: number): SimulatedResponse {
  container.requests += 1;
  const { behaviour, requests } = container;
  const response = behaviour && answerOf(behaviour, { request, uptimeMs, requestNumber: requests });
  return (
    response ??
    unavailable('upstream connect error or disconnect/reset before headers. reset reason: connection refused')
  );
}

function unavailable(why: string): SimulatedResponse {
  return { status: 503, headers: { 'content-type': 'text/plain' }, body: why };
}

/** The page that the environment's ingress has for everything that it doesn't know. */
function noSuchApp(): SimulatedResponse {
  const body =
    '<!DOCTYPE html><html><head><title>Azure Container App - Unavailable</title></head><body>' +
    '<h1>Error 404 - This Container App is stopped or does not exist.</h1></body></html>';
  return { status: 404, headers: { 'content-type': 'text/html' }, body };
}
