import { isObject, type Json, type JsonObject } from '../../simulators/json.ts';
import type { ApiReply } from '../../simulators/kubernetes-stage.ts';

/** What differs from one server to the next for no reason of meaning. */
const BY_CHANCE = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'time',
  'lastUpdateTime',
  'lastTransitionTime',
  'clusterIP',
  'clusterIPs',
  'podIP',
]);
/** Of five characters: a pod's, or one made by `generateName`. */
const SUFFIX = /\b(web|api)-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g;
const UID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const HASH = /\b(web|api)-[bcdfghjklmnpqrstvwxz2456789]{8,10}\b/g;

/** How two answers differ, a line for each place; [] where they mean the same. */
export function differences(real: ApiReply, simulated: ApiReply): readonly string[] {
  const [one, other] = [toComparable(real), toComparable(simulated)];
  return diff(one, other, '');
}

function toComparable({ status, object, text, warning }: ApiReply): Json {
  const body = Object.keys(object).length > 0 ? object : text;
  return { status, warning: warning.split(/, (?=299)/).toSorted(), body: plain(body, '') };
}

/** As `differences` compares: names, identifiers and times that are made are all alike. */
export function withoutChance(value: Json): Json {
  return plain(value, '');
}

function plain(value: Json | undefined, name: string): Json {
  if (BY_CHANCE.has(name)) return 'by chance';
  if (name === 'pod-template-hash' || name === 'f:pod-template-hash') return 'by chance';
  if (typeof value === 'string')
    return value.replaceAll(HASH, '$1-HASH').replaceAll(SUFFIX, '$1-NAME').replaceAll(UID, 'UID');
  if (name === 'managedFields' && Array.isArray(value)) return byManager(value as readonly JsonObject[]);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => plain(item, ''));
  if (!isObject(value)) return value ?? null;
  const members = Object.entries(value).map(([key, member]) => [
    key.replaceAll(HASH, '$1-HASH').replaceAll(UID, 'UID'),
    plain(member, key),
  ]);
  const object = Object.fromEntries(members) as JsonObject;
  return sortItems(object);
}

/** Their order is one of times, and then of nothing that matters. */
function byManager(entries: readonly JsonObject[]): JsonObject {
  const keyed = entries.map((entry) => [
    `${entry['operation']} ${entry['manager']} ${entry['subresource'] ?? ''}`,
    plain(entry, 'entry'),
  ]);
  return Object.fromEntries(keyed) as JsonObject;
}

/** Names come by chance, and with them the order of a list. */
function sortItems(object: JsonObject): JsonObject {
  const { items } = object;
  if (!Array.isArray(items)) return object;
  const keyed = (items as readonly Json[]).map((item) => JSON.stringify(item));
  return { ...object, items: keyed.toSorted().map((text) => JSON.parse(text) as Json) };
}

function diff(one: Json | undefined, other: Json | undefined, path: string): readonly string[] {
  if (isObject(one) && isObject(other)) {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].flatMap((name) => diff(one[name], other[name], `${path}.${name}`));
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    const [left, right] = [one as readonly Json[], other as readonly Json[]];
    return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
      diff(left[index], right[index], `${path}[${index}]`),
    ).flat();
  }
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  return [`${path}: real ${shown(one)}, simulated ${shown(other)}`];
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 400);
}
