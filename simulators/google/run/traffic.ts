import { answerOf } from '../../container-answer.ts';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../../edge/host.ts';
import { objectAt } from '../../json.ts';
import { numberOf } from '../json.ts';
import type { GoogleWorld } from '../world.ts';
import { googlePage } from './google-page.ts';
import { type Invocation, refuseCaller } from './invoker.ts';
import { hostnamesOf } from './names.ts';
import { ingressOf, isScaledToNothing, type Revision, type Route, type Service } from './state.ts';

interface Address {
  readonly service: Service;
  /** '' for the service's own address. */
  readonly tag: string;
}

/** The services' own addresses, and those of their tags. */
export function createTrafficHost(world: GoogleWorld, clock: TimeSource, invocation: Invocation): SimulatedHost {
  return {
    serves: (hostname) => findAddress(world, hostname) !== null,
    nameCall: ({ method, url }) => ({ operation: `workload:${method} ${url.pathname}`, mutates: false }),
    handle: (request) => {
      world.queue.advanceTo(clock.now());
      const address = findAddress(world, request.url.hostname);
      return address ? serve(world, address, { request, invocation }) : notFound();
    },
  };
}

/** `TAG---SERVICE-…`, whether or not the service has such a tag: Google's front end answers for all of run.app. */
function findAddress(world: GoogleWorld, hostname: string): Address | null {
  const [, tag = '', rest = ''] = /^(?:([a-z0-9-]+?)---)?(.+)$/.exec(hostname.toLowerCase()) ?? [];
  const service = world.services.find((candidate) => hostnamesOf(world, candidate).includes(rest));
  return service ? { service, tag } : null;
}

function serve(
  world: GoogleWorld,
  { service, tag }: Address,
  { request, invocation }: { readonly request: SimulatedRequest; readonly invocation: Invocation },
): SimulatedResponse {
  const { config } = service;
  const isInternal = String(config['ingress'] ?? '').startsWith('INGRESS_TRAFFIC_INTERNAL');
  if (isInternal || config['ingress'] === 'INGRESS_TRAFFIC_NONE' || config['defaultUriDisabled'] === true)
    return notFound();
  const route =
    tag === '' ? pickByWeight(service) : (service.routes.find((candidate) => candidate.tag === tag) ?? null);
  if (!route) return notFound();
  const refused = refuseCaller(world, service, { request, invocation });
  const answer = refused ?? answerFrom(world, service, { revision: route.revision, request });
  if (!refused) {
    service.served.push({
      ...{ at: world.queue.now, revision: route.revision.id, by: tag === '' ? 'weight' : 'tag', tag },
      ...{ method: request.method, path: request.url.pathname, status: answer.status },
    });
  }
  return answer;
}

/** Every revision gets its exact share: of 100 requests in a row, 5% is five of them, evenly spread. */
function pickByWeight({ routes, credit }: Service): Route | null {
  const shares = routes.filter(({ percent }) => percent > 0);
  for (const { revision, percent } of shares) credit.set(revision.id, (credit.get(revision.id) ?? 0) + percent);
  const owed = (route: Route): number => credit.get(route.revision.id) ?? 0;
  const next = shares.toSorted((a, b) => owed(b) - owed(a))[0] ?? null;
  if (next) credit.set(next.revision.id, owed(next) - 100);
  return next;
}

/** Starts an instance where none runs, and lets the request wait for it. */
function answerFrom(
  world: GoogleWorld,
  service: Service,
  { revision, request }: { readonly revision: Revision; readonly request: SimulatedRequest },
): SimulatedResponse {
  const { now } = world.queue;
  const { behaviour } = ingressOf(revision);
  if (!behaviour || revision.state !== 'ready' || isScaledToNothing(service)) return unavailable();
  if (!isRunning(service, revision, now)) revision.instanceStartedAt = now;
  revision.lastRequestAt = now;
  revision.requests += 1;
  const uptimeMs = now - (revision.instanceStartedAt ?? now);
  const coldStartMs = Math.max(0, behaviour.readyAfterMs - uptimeMs);
  // It ends before it listens.
  if (behaviour.crash && behaviour.crash.afterMs <= behaviour.readyAfterMs) return unavailable(behaviour.crash.afterMs);
  const answer = answerOf(behaviour, { request, uptimeMs: uptimeMs + coldStartMs, requestNumber: revision.requests });
  if (!answer) return unavailable();
  return coldStartMs > 0 ? { ...answer, delayMs: (answer.delayMs ?? 0) + coldStartMs } : answer;
}

/** https://cloud.google.com/run/docs/about-instance-autoscaling */
function isRunning(service: Service, revision: Revision, now: number): boolean {
  const { instanceStartedAt, lastRequestAt, template } = revision;
  if (instanceStartedAt === null) return false;
  const crash = ingressOf(revision).behaviour?.crash;
  if (crash && now >= instanceStartedAt + crash.afterMs) return false;
  const isKept = numberOf(objectAt(template, 'scaling'), 'minInstanceCount') > 0;
  return isKept || now - Math.max(lastRequestAt, instanceStartedAt) < service.staging.idleMs;
}

function notFound(): SimulatedResponse {
  return googlePage(404, 'Page not found', 'The requested URL was not found on this server.');
}

function unavailable(delayMs = 0): SimulatedResponse {
  const text = 'The service you requested is not available yet.<p>Please try again in 30 seconds.';
  return { ...googlePage(503, 'Server Error', text), ...(delayMs > 0 ? { delayMs } : {}) };
}
