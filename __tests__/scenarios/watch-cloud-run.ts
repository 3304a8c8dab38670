import type { Agent } from '../../simulators/agent.ts';
import { CLOUD_RUN_SERVICE } from '../../simulators/cloud-run-agent.ts';
import type { JsonObject } from '../../simulators/json.ts';

export interface Watch {
  /** Every traffic table that was in effect, in order: `v1 95, v2 5`, by version. Tags are left out. */
  readonly tables: readonly string[];
  stop(): void;
}

/** Notes the traffic table of the simulated service twice a virtual second. */
export function watchTraffic(agent: Agent): Watch {
  const tables: string[] = [trafficOf(agent)];
  const note = (): void => {
    const now = trafficOf(agent);
    if (tables.at(-1) !== now) tables.push(now);
  };
  return { tables, stop: agent.world.clock.every(500, async () => note()) };
}

/** `v1 95, v2 5`: what is in effect, by the version that each revision's image is. */
export function trafficOf({ world }: Agent): string {
  const shares = new Map<string, number>();
  for (const { revision, percent } of world.google.look(CLOUD_RUN_SERVICE).routes) {
    const version = revision.containers[0]?.behaviour?.version ?? '?';
    if (percent > 0) shares.set(version, (shares.get(version) ?? 0) + percent);
  }
  return [...shares]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([version, percent]) => `${version} ${percent}`)
    .join(', ');
}

/** Traffic as somebody asked for it: raw. */
export function wantedOf({ world }: Agent): readonly JsonObject[] {
  return world.google.look(CLOUD_RUN_SERVICE).config['traffic'] as readonly JsonObject[];
}

/** What the action asked Cloud Run to change, dry runs aside. */
export function updatesOf({ world }: Agent): readonly { readonly mask: string; readonly body: JsonObject }[] {
  return world.google.wireLog
    .filter(({ operation, path }) => operation === 'run:UpdateService' && !path.includes('validateOnly=true'))
    .map(({ path, body }) => ({
      mask: new URL(path, 'https://run.googleapis.com').searchParams.get('updateMask') ?? '',
      body: JSON.parse(body) as JsonObject,
    }));
}

/** The service in each answer that the action got to its reads from now on; the list grows. */
export function watchServices({ world }: Agent): readonly JsonObject[] {
  const seen: JsonObject[] = [];
  world.edge.onExchange(({ operation, answer }) => {
    if (operation === 'run:GetService' && answer.status === 200)
      seen.push(JSON.parse(String(answer.body)) as JsonObject);
  });
  return seen;
}

export const LATEST = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }];

/** One target of a traffic table, as Google shows it. */
export function byName(revision: string, percent: number, tag?: string): JsonObject {
  return {
    ...{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision },
    ...(percent > 0 ? { percent } : {}),
    ...(tag === undefined ? {} : { tag }),
  };
}
