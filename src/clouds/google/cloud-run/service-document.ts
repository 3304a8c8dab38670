import { type JsonObject, listAt, numberAt, objectAt, textAt } from '../../../model/json.ts';

/** One line of a traffic table. */
export interface TrafficEntry {
  /** null: whichever revision became ready last. */
  readonly revision: string | null;
  /** In percent. */
  readonly percent: number;
  readonly tag: string | null;
}

const LATEST = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const REVISION = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

/** What a user or a tool requested. None means 100% to the latest. */
export function requestedTraffic(service: JsonObject): readonly TrafficEntry[] {
  return listAt(service, 'traffic').map((target) => ({
    ...readEntry(target),
    ...(isLatest(target) ? { revision: null } : {}),
  }));
}

/**
 * What is in effect, with each revision by name. The row of the latest names none: at rest it is the latest that is ready,
 * and unknown while a change is in progress.
 */
export function effectiveTraffic(service: JsonObject): readonly TrafficEntry[] {
  const latest = (!progressOf(service).reconciling && latestReady(service)) || null;
  return listAt(service, 'trafficStatuses').map((status) => {
    const entry = readEntry(status);
    return { ...entry, revision: entry.revision ?? latest };
  });
}

/**
 * As `effectiveTraffic`, also while a change is in progress: the latest is then taken for the one that became ready last.
 * For a rollout that can't end, that is what serves.
 */
export function servingTraffic(service: JsonObject): readonly TrafficEntry[] {
  const latest = latestReady(service) || null;
  return effectiveTraffic(service).map((entry) => ({ ...entry, revision: entry.revision ?? latest }));
}

/** The revisions that serve production, and their shares. */
export function servingRevisions(service: JsonObject): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { revision, percent } of servingTraffic(service)) {
    if (revision !== null && percent > 0) shares.set(revision, (shares.get(revision) ?? 0) + percent);
  }
  return shares;
}

/** Does one revision, and nothing else, serve production? */
export function servesAlone(service: JsonObject, revision: string): boolean {
  const shares = servingRevisions(service);
  return shares.size === 1 && shares.get(revision) === 100;
}

/** The entries as the API takes them. What a newer API knows of an entry that stays is kept. */
export function toTargets(entries: readonly TrafficEntry[], service: JsonObject): readonly JsonObject[] {
  const current = listAt(service, 'traffic');
  return entries.map((entry) => {
    const same = current.find((target) => isSameTarget(target, entry)) ?? {};
    const { revision: _, percent: __, tag: ___, type: ____, ...unknown } = same;
    const named = entry.revision === null ? { type: LATEST } : { type: REVISION, revision: entry.revision };
    // As Google shows them: nothing that is 0 or empty.
    const share = entry.percent > 0 ? { percent: entry.percent } : {};
    return { ...unknown, ...named, ...share, ...(entry.tag === null ? {} : { tag: entry.tag }) };
  });
}

/** `agent-00007 95%, agent-1f2e3d4c 5%`: production only. */
export function formatShares(entries: readonly TrafficEntry[]): string {
  const shares = entries.filter(({ percent }) => percent > 0);
  return shares.map(({ revision, percent }) => `${revision ?? 'the latest ready revision'} ${percent}%`).join(', ');
}

/** The address at which a tag's revision, and no other, answers. */
export function tagUrl(service: JsonObject, tag: string): string | null {
  const found = listAt(service, 'trafficStatuses').find((status) => textAt(status, 'tag') === tag);
  return (found && textAt(found, 'uri')) || null;
}

export function latestCreated(service: JsonObject): string {
  return shortName(textAt(service, 'latestCreatedRevision'));
}

export function latestReady(service: JsonObject): string {
  return shortName(textAt(service, 'latestReadyRevision'));
}

export function templateOf(service: JsonObject): JsonObject {
  return objectAt(service, 'template');
}

export function describeLatest(service: JsonObject): string {
  return textAt(templateOf(service), 'revision') || 'another revision';
}

/** Name of the revision that the template stands for: its own, or the one that the platform gave it. */
export function templateRevision(service: JsonObject): string {
  return textAt(templateOf(service), 'revision') || latestCreated(service);
}

export interface Progress {
  /** Counts the changes that were requested. */
  readonly generation: number;
  /** It works towards the newest generation. */
  readonly reconciling: boolean;
  /** `CONDITION_SUCCEEDED`, … of the service as a whole. */
  readonly state: string;
  readonly reason: string;
  readonly message: string;
}

export function progressOf(service: JsonObject): Progress {
  const condition = objectAt(service, 'terminalCondition');
  const generation = numberAt(service, 'generation');
  const state = textAt(condition, 'state');
  const isWorking = state === 'CONDITION_PENDING' || state === 'CONDITION_RECONCILING';
  return {
    generation,
    reconciling: service['reconciling'] === true || isWorking,
    state,
    reason: textAt(condition, 'reason') || textAt(condition, 'revisionReason'),
    message: textAt(condition, 'message'),
  };
}

function readEntry(target: JsonObject): TrafficEntry {
  return {
    revision: shortName(textAt(target, 'revision')) || null,
    percent: numberAt(target, 'percent'),
    tag: textAt(target, 'tag') || null,
  };
}

function isLatest(target: JsonObject): boolean {
  return textAt(target, 'type') === LATEST || textAt(target, 'revision') === '';
}

function isSameTarget(target: JsonObject, { revision, tag }: TrafficEntry): boolean {
  const entry = readEntry(target);
  return (isLatest(target) ? null : entry.revision) === revision && entry.tag === tag;
}

/** The last part of a resource's full name: `agent-00007-abc`. */
export function shortName(resource: string): string {
  return resource.slice(resource.lastIndexOf('/') + 1);
}
