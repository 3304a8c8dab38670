import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import { isObject, type JsonObject, textAt } from '../json.ts';
import { formatError, GoogleError } from './google-error.ts';
import { numberOf, toTime } from './json.ts';
import type { Revision } from './run/state.ts';
import type { GoogleWorld } from './world.ts';

const MOST = 1_000;

interface Line {
  readonly at: number;
  readonly text: string;
  /** `stdout` of the container, or what the platform says about it. */
  readonly log: 'run.googleapis.com%2Fstdout' | 'run.googleapis.com%2Fvarlog%2Fsystem';
  readonly severity: 'DEFAULT' | 'WARNING';
}

/**
 * What the containers printed, by revision. Only this much of the query language is understood:
 * `resource.labels.revision_name="…"`. https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
 */
export function createLoggingHost(world: GoogleWorld, clock: TimeSource): SimulatedHost {
  return {
    serves: (hostname) => hostname === 'logging.googleapis.com',
    nameCall: () => ({ operation: 'logging:ListEntries', mutates: false }),
    handle: (request) => {
      world.queue.advanceTo(clock.now());
      try {
        return listEntries(world, request);
      } catch (error) {
        if (error instanceof GoogleError) return formatError(error);
        throw error;
      }
    },
  };
}

function listEntries(world: GoogleWorld, request: SimulatedRequest): SimulatedResponse {
  world.access.authenticate(request);
  const body: unknown = JSON.parse(request.body.toString() || '{}');
  if (request.url.pathname !== '/v2/entries:list' || !isObject(body)) {
    throw new GoogleError('NOT_FOUND', 'The simulated Cloud Logging has no such method.');
  }
  world.access.authorize('logging.logEntries.list', `projects/${world.project}`);
  const id = /resource\.labels\.revision_name\s*=\s*"([^"]+)"/.exec(textAt(body, 'filter'))?.[1];
  const revisions = world.services.flatMap((service) => service.revisions);
  const lines = revisions.filter((revision) => revision.id === id).flatMap((revision) => entriesOf(world, revision));
  const ordered = textAt(body, 'orderBy') === 'timestamp desc' ? lines.toReversed() : lines;
  const entries = ordered.slice(0, Math.min(numberOf(body, 'pageSize') || 50, MOST));
  const headers = { 'content-type': 'application/json; charset=UTF-8' };
  return { status: 200, headers, body: JSON.stringify(entries.length > 0 ? { entries } : {}) };
}

function entriesOf(world: GoogleWorld, revision: Revision): JsonObject[] {
  const labels = {
    service_name: revision.serviceId,
    revision_name: revision.id,
    location: world.region,
    project_id: world.project,
  };
  return linesOf(world, revision).map(({ at, text, log, severity }, index) => ({
    insertId: `${revision.id}-${index}`,
    logName: `projects/${world.project}/logs/${log}`,
    resource: { type: 'cloud_run_revision', labels },
    timestamp: toTime(at),
    receiveTimestamp: toTime(at),
    severity,
    textPayload: text,
  }));
}

/** Of its first start: what came out before its end, and how that was. */
function linesOf({ queue }: GoogleWorld, { containers, firstStartedAt }: Revision): Line[] {
  if (firstStartedAt === null) return [];
  const print = (at: number, text: string): Line => ({
    at,
    text,
    log: 'run.googleapis.com%2Fstdout',
    severity: 'DEFAULT',
  });
  const lines = containers.flatMap(({ behaviour }) => {
    const started = (behaviour?.logs ?? []).map((text) => print(firstStartedAt, text));
    const crash = behaviour?.crash;
    if (!crash) return started;
    const at = firstStartedAt + crash.afterMs;
    const text = `Container called exit(${crash.exitCode}).`;
    const end: Line = { at, text, log: 'run.googleapis.com%2Fvarlog%2Fsystem', severity: 'WARNING' };
    return [...started, ...crash.logs.map((line) => print(at, line)), end];
  });
  return lines.filter(({ at }) => at <= queue.now);
}
