import { answerOf } from '../container-answer.ts';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import type { Service, TaskContainer } from './ecs/state.ts';
import type { AwsWorld } from './world.ts';

/** The workloads' own addresses: each request goes to one healthy target, in turn. */
export function createLoadBalancer(world: AwsWorld, clock: TimeSource): SimulatedHost {
  const find = (hostname: string): Service | undefined =>
    world.services.find(({ hostnames }) => hostnames.includes(hostname.toLowerCase()));
  return {
    serves: (hostname) => find(hostname) !== undefined,
    nameCall: ({ method, url }) => ({ operation: `workload:${method} ${url.pathname}`, mutates: false }),
    handle: (request) => {
      world.queue.advanceTo(clock.now());
      const service = find(request.url.hostname);
      return service ? forward(world, service, request) : errorPage(404, 'Not Found');
    },
  };
}

/** Targets that would get the next request. */
function healthyTargets(service: Service): readonly TaskContainer[] {
  if (service.staging.targetGroupDeleted) return [];
  return service.tasks
    .filter(({ target }) => target === 'registered')
    .flatMap(({ probes }) => probes.filter(({ kind, state }) => kind === 'target' && state === 'healthy'))
    .map(({ container }) => container);
}

function forward(world: AwsWorld, service: Service, request: SimulatedRequest): SimulatedResponse {
  const targets = healthyTargets(service);
  if (targets.length === 0) return errorPage(503, 'Service Temporarily Unavailable');
  const container = targets[service.turn++ % targets.length]!;
  container.requests += 1;
  const uptimeMs = world.queue.now - (container.startedAt ?? world.queue.now);
  const { behaviour, requests } = container;
  const answer = behaviour && answerOf(behaviour, { request, uptimeMs, requestNumber: requests });
  return answer ?? errorPage(502, 'Bad Gateway');
}

function errorPage(status: number, text: string): SimulatedResponse {
  const body = `<html>\r\n<head><title>${status} ${text}</title></head>\r\n</html>\r\n`;
  return { status, headers: { 'content-type': 'text/html', server: 'awselb/2.0' }, body };
}
