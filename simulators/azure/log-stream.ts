import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import { findApp, findReplica, findRevision, isName } from './apps/find.ts';
import type { ContainerApp, LogLine, ReplicaContainer } from './apps/state.ts';
import { ArmError } from './arm-error.ts';
import { toTime } from './arm-time.ts';
import type { AzureWorld } from './world.ts';

const PLACE =
  /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)\/providers\/Microsoft\.App\/containerApps\/([^/]+)(?:\/revisions\/([^/]+)\/replicas\/([^/]+)\/containers\/([^/]+)\/logstream|\/eventstream)$/i;
/** A stream that is followed stays open; what comes later is not simulated, so its answer ends late. */
const FOLLOWED_MS = 600_000;

/** `<location>.azurecontainerapps.dev`: what the containers print, and what the platform says of them. */
export function createLogStream(world: AzureWorld, clock: TimeSource): SimulatedHost {
  return {
    serves: (hostname) => hostname.toLowerCase() === `${world.location}.azurecontainerapps.dev`,
    nameCall: ({ url }) => ({
      operation: url.pathname.endsWith('/eventstream') ? 'stream:Events' : 'stream:Log',
      mutates: false,
    }),
    handle: (request) => {
      world.queue.advanceTo(clock.now());
      try {
        return answer(world, request);
      } catch (error) {
        if (!(error instanceof ArmError)) throw error;
        return { status: error.status, headers: { 'content-type': 'text/plain' }, body: error.message };
      }
    },
  };
}

function answer(world: AzureWorld, request: SimulatedRequest): SimulatedResponse {
  const { searchParams } = request.url;
  const [, group, name, revisionName, replicaName, containerName] =
    PLACE.exec(decodeURIComponent(request.url.pathname)) ?? [];
  if (group === undefined || name === undefined) return { status: 404, body: 'not found' };
  const app = findApp(world, group, name);
  authenticate(world, app, request);
  const tail = Math.min(Number(searchParams.get('tailLines') ?? 20), 300);
  const lines = revisionName === undefined ? eventsOf(app) : linesOf(app, { revisionName, replicaName, containerName });
  const body = format(lines.slice(-tail), searchParams.get('output') === 'json');
  // https://github.com/Azure/azure-cli-extensions/blob/main/src/containerapp/azext_containerapp/custom.py asks so too.
  const follows = searchParams.get('follow') === 'true';
  return { status: 200, headers: { 'content-type': 'text/plain' }, body, ...(follows ? { delayMs: FOLLOWED_MS } : {}) };
}

function authenticate(world: AzureWorld, app: ContainerApp, { headers }: SimulatedRequest): void {
  const text = /^Bearer (\S+)$/.exec(headers['authorization'] ?? '')?.[1] ?? '';
  const token = world.access.findToken(text, world.queue.now);
  if (token?.audience !== `logstream:${app.id}`) throw new ArmError(401, 'Unauthorized', 'Unauthorized');
}

function linesOf(
  app: ContainerApp,
  names: {
    readonly revisionName: string;
    readonly replicaName: string | undefined;
    readonly containerName: string | undefined;
  },
): readonly LogLine[] {
  const replica = findReplica(findRevision(app, names.revisionName), names.replicaName ?? '');
  const container = replica.containers.find(({ name }) => isName(name, names.containerName ?? ''));
  if (!container) throw new ArmError(404, 'ContainerNotFound', `Container '${names.containerName}' was not found.`);
  return container.lines.map(({ at, text }) => ({ at, text: `stdout F ${text}` }));
}

/** The platform's own words about containers that don't run, oldest first. */
function eventsOf(app: ContainerApp): readonly LogLine[] {
  return app.revisions
    .flatMap(({ replicas }) => replicas.flatMap(({ containers }) => containers))
    .filter(({ state }) => state !== 'Running')
    .map((container) => ({ at: container.lines.at(-1)?.at ?? app.lastModifiedAt, text: describe(container) }));
}

function describe({ name, details, image, restartCount }: ReplicaContainer): string {
  if (details === 'ImagePullBackOff') return `Failed to pull image '${image}' for container '${name}'`;
  return `Container '${name}' is not running: ${details} (restarted ${restartCount} times)`;
}

function format(lines: readonly LogLine[], asJson: boolean): string {
  if (asJson) return lines.map(({ at, text }) => `${JSON.stringify({ TimeStamp: toTime(at), Log: text })}\n`).join('');
  return lines.map(({ at, text }) => `${toTime(at)} ${text}\n`).join('');
}
