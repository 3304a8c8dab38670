import { isObject, type Json, type JsonObject } from '../../json.ts';
import { ApiError } from '../api/api-error.ts';
import { listMapKeysOf } from '../patch/merge-keys.ts';
import {
  changesBetween,
  common,
  type FieldSet,
  fieldsApplied,
  removeFields,
  toReadablePath,
  without,
} from './field-set.ts';
import { assign, type Entry, entriesOf, isSameManager, type Manager } from './managed-fields.ts';

export interface Application {
  readonly manager: Manager;
  readonly force: boolean;
  readonly time: string;
}

/**
 * Server-side apply on an object that is there.
 * @throws ApiError 409 with one cause for each field that another manager owns with another value; 500 for a list that has
 * the same key twice
 */
export function applyServerSide(
  live: JsonObject,
  document: JsonObject,
  { manager, force, time }: Application,
): { readonly object: JsonObject; readonly entries: readonly Entry[] } {
  const entries = entriesOf(live);
  const fields = fieldsApplied(document);
  const merged = merge(live, document, []) as JsonObject;
  const { changed } = changesBetween(live, merged);
  const others = entries.filter((entry) => !isSameManager(entry.manager, manager));
  const conflicts = others.map((entry) => ({ ...entry, fields: common(entry.fields, changed) }));
  if (!force) refuseConflicts(conflicts.filter((entry) => entry.fields.size > 0));
  const mine = entries.find((entry) => isSameManager(entry.manager, manager))?.fields ?? new Set<string>();
  const dropped = others.reduce<FieldSet>((left, other) => without(left, other.fields), without(mine, fields));
  const object = removeFields(merged, dropped);
  return { object, entries: assign(entries, { manager, fields, lost: changed, time }) };
}

function refuseConflicts(conflicts: readonly Entry[]): void {
  const all = conflicts.flatMap((entry) =>
    [...entry.fields].map((field) => ({ by: nameOf(entry), field: toReadablePath(field) })),
  );
  if (all.length === 0) return;
  const groups = [...Map.groupBy(all, ({ by }) => by)].sort(([a], [b]) => (a < b ? -1 : 1));
  const causes = all.map(({ by, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${by}`,
    field,
  }));
  const only = all.length === 1 ? all[0] : undefined;
  const text = only
    ? `conflict with ${only.by}: ${only.field}`
    : groups
        .map(([by, list]) => `conflicts with ${by}:\n${list.map(({ field }) => `- ${field}`).join('\n')}`)
        .join('\n');
  const count = `${all.length} conflict${all.length === 1 ? '' : 's'}`;
  throw new ApiError(409, 'Conflict', `Apply failed with ${count}: ${text}`, { causes });
}

/** Who applies owns in no version: its fields are the same in all. */
function nameOf({ manager: { name, operation, subresource, apiVersion } }: Entry): string {
  return `"${name}"${subresource === '' ? '' : ` with subresource "${subresource}"`}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}

function merge(before: Json | undefined, value: Json | undefined, names: readonly string[]): Json | undefined {
  if (isObject(value)) {
    const base = isObject(before) ? before : {};
    const members = Object.entries(value).map(([name, member]) => [name, merge(base[name], member, [...names, name])]);
    return { ...base, ...(Object.fromEntries(members) as JsonObject) };
  }
  const keys = Array.isArray(value) ? listMapKeysOf(names) : null;
  if (keys === null) return value;
  const given = (value as readonly JsonObject[]).map((item) => ({ item, id: idOf(item, keys) }));
  refuseDuplicates(
    given.map(({ id }) => id),
    names,
  );
  const list = Array.isArray(before) ? (before as readonly JsonObject[]) : [];
  const kept = list.map((item) => {
    const mine = given.find(({ id }) => id === idOf(item, keys));
    return mine ? (merge(item, mine.item, names) as JsonObject) : item;
  });
  const added = given.filter(({ id }) => !list.some((item) => idOf(item, keys) === id)).map(({ item }) => item);
  return [...kept, ...added];
}

function refuseDuplicates(ids: readonly string[], names: readonly string[]): void {
  const double = ids.find((id, index) => ids.indexOf(id) !== index);
  if (double === undefined) return;
  const message = `failed to create manager for existing fields: failed to convert new object: .${names.join('.')}: duplicate entries for key [${double}]`;
  throw new ApiError(500, 'InternalError', `Internal error occurred: ${message}`);
}

function idOf(item: JsonObject, keys: readonly string[]): string {
  const keyValueOf = (key: string): Json | undefined => item[key] ?? (key === 'protocol' ? 'TCP' : undefined);
  return keys.map((key) => `${key}=${JSON.stringify(keyValueOf(key))}`).join(',');
}
