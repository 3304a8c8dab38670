import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { isJsonObject, type JsonObject, listAt, objectAt, textAt } from '../../model/json.ts';

/**
 * Which manager owns which fields: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 * A request of ours takes each field that it changes from whoever had it. A manager that applies (Helm 4, Argo CD) then gets
 * a conflict, also after a rollback to the same value. So a rollback gives back what was taken.
 */
const entrySchema = z.object({
  manager: z.string(),
  operation: z.string(),
  apiVersion: z.string(),
  subresource: z.string().optional(),
  time: z.string().optional(),
  fieldsV1: z.record(z.string(), z.unknown()),
});
type Entry = z.infer<typeof entrySchema>;

export const ownershipSchema = z.object({
  /** Of our own manager, before our request. */
  own: z.array(entrySchema),
  /** What our request took, by whose it was. */
  taken: z.array(entrySchema),
});

export type OwnershipRecord = z.infer<typeof ownershipSchema>;

type FieldSet = { readonly [name: string]: unknown };

/** `before` and `after` one request of `manager`: the entries of the object and of the request's (dry-run) answer. */
export function compareOwnership(before: JsonObject, after: JsonObject, manager: string): OwnershipRecord {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  const taken = old
    .filter((entry) => entry.manager !== manager)
    .flatMap((entry) => {
      const left = now.find((other) => isSameManager(entry, other));
      const fieldsV1 = subtract(entry.fieldsV1, left?.fieldsV1 ?? {});
      return Object.keys(fieldsV1).length > 0 ? [{ ...entry, fieldsV1 }] : [];
    });
  return { ...ownFields(before, manager), taken };
}

/** What this manager has now, before a request that takes nothing from others. */
export function ownFields(object: JsonObject, manager: string): OwnershipRecord {
  return { own: entriesOf(object).filter((entry) => entry.manager === manager && isOurOperation(entry)), taken: [] };
}

/** What of the record is below this path: `f:spec`, `f:revisionHistoryLimit`. */
export function takenBelow({ taken }: OwnershipRecord, path: readonly string[]): readonly Entry[] {
  return taken.flatMap((entry) => {
    const fieldsV1 = pick(entry.fieldsV1, path);
    return fieldsV1 ? [{ ...entry, fieldsV1 }] : [];
  });
}

/**
 * The object's entries with everything given back that our request took, and ours as it was before; null: they are so
 * already. What other managers changed since stays.
 */
export function withOwnership(
  object: JsonObject,
  { own, taken }: OwnershipRecord,
  manager: string,
): readonly JsonObject[] | null {
  const current = listAt(object, 'metadata', 'managedFields');
  const others = current.filter((entry) => !(textAt(entry, 'manager') === manager && isOurOperation(entry)));
  const restored = [...giveBack(others, taken), ...own];
  const isSame = isDeepStrictEqual(sortEntries(restored), sortEntries(current));
  return isSame ? null : restored;
}

/**
 * The object's entries without what this manager has got since the record; what others took from it since stays theirs. null:
 * there is nothing of that.
 */
export function withoutNew(
  object: JsonObject,
  { own }: Pick<OwnershipRecord, 'own'>,
  manager: string,
): readonly JsonObject[] | null {
  const current = listAt(object, 'metadata', 'managedFields');
  const before = own.reduce<FieldSet>((all, entry) => add(all, entry.fieldsV1), {});
  const kept = current.flatMap((entry) => {
    if (textAt(entry, 'manager') !== manager || !isOurOperation(entry)) return [entry];
    const fields = objectAt(entry, 'fieldsV1');
    const fieldsV1 = subtract(fields, subtract(fields, before));
    return Object.keys(fieldsV1).length > 0 ? [{ ...entry, fieldsV1 }] : [];
  });
  return isDeepStrictEqual(sortEntries(kept), sortEntries(current)) ? null : kept;
}

/** As `withOwnership`, for fields that a rollout changes for itself alone; ours keeps everything else. */
export function withGivenBack(
  object: JsonObject,
  taken: readonly Entry[],
  manager: string,
): readonly JsonObject[] | null {
  if (taken.length === 0) return null;
  const current = listAt(object, 'metadata', 'managedFields');
  const without = current.flatMap((entry) => {
    if (textAt(entry, 'manager') !== manager || !isOurOperation(entry)) return [entry];
    const fieldsV1 = taken.reduce<FieldSet>((left, one) => subtract(left, one.fieldsV1), objectAt(entry, 'fieldsV1'));
    return Object.keys(fieldsV1).length > 0 ? [{ ...entry, fieldsV1 }] : [];
  });
  const restored = giveBack(without, taken);
  return isDeepStrictEqual(sortEntries(restored), sortEntries(current)) ? null : restored;
}

/** An entry that had no other field is gone meanwhile, and made again. */
function giveBack(entries: readonly JsonObject[], taken: readonly Entry[]): readonly JsonObject[] {
  const given = entries.map((entry) => {
    const theirs = taken.filter((one) => isSameManager(one, entry));
    if (theirs.length === 0) return entry;
    const fieldsV1 = theirs.reduce<FieldSet>((all, one) => add(all, one.fieldsV1), objectAt(entry, 'fieldsV1'));
    return { ...entry, fieldsV1 };
  });
  const gone = taken.filter((one) => !entries.some((entry) => isSameManager(one, entry)));
  return [...given, ...gone.map((entry) => ({ ...entry, fieldsType: 'FieldsV1' }))];
}

function entriesOf(object: JsonObject): readonly Entry[] {
  return listAt(object, 'metadata', 'managedFields').flatMap((entry) => {
    const { data } = entrySchema.safeParse(entry);
    return data ? [data] : [];
  });
}

/** What status controllers write is no request of ours. */
function isOurOperation(entry: JsonObject): boolean {
  return textAt(entry, 'operation') === 'Update' && textAt(entry, 'subresource') === '';
}

function isSameManager(one: JsonObject, other: JsonObject): boolean {
  return (['manager', 'operation', 'apiVersion', 'subresource'] as const).every(
    (part) => textAt(one, part) === textAt(other, part),
  );
}

/** Without regard to the order, which is the API server's, and to what names the form. */
function sortEntries(entries: readonly JsonObject[]): readonly string[] {
  const key = (entry: JsonObject): string =>
    JSON.stringify([
      ...(['manager', 'operation', 'apiVersion', 'subresource'] as const).map((part) => textAt(entry, part)),
      pathsOf(objectAt(entry, 'fieldsV1')).sort(),
    ]);
  return entries.map(key).sort();
}

function pathsOf(fields: FieldSet): string[] {
  return Object.entries(fields).flatMap(([name, below]) => {
    const inner = isJsonObject(below) ? pathsOf(below) : [];
    return inner.length === 0 ? [name] : inner.map((path) => `${name} ${path}`);
  });
}

/** Fields of `from` that `what` does not have. A field that both have, with nothing below it in either, is taken out. */
function subtract(from: FieldSet, what: FieldSet): FieldSet {
  const left = Object.entries(from).flatMap(([name, below]) => {
    if (!Object.hasOwn(what, name)) return [[name, below] as const];
    const rest = subtract(asSet(below), asSet(what[name]));
    return Object.keys(rest).length > 0 ? [[name, rest] as const] : [];
  });
  return Object.fromEntries(left);
}

function add(one: FieldSet, other: FieldSet): FieldSet {
  const merged = Object.entries(other).map(
    ([name, below]) => [name, Object.hasOwn(one, name) ? add(asSet(one[name]), asSet(below)) : below] as const,
  );
  return { ...one, ...Object.fromEntries(merged) };
}

/** The part of the set that leads to this path and what is below it; null: it isn't in the set. */
function pick(fields: FieldSet, [name, ...rest]: readonly string[]): FieldSet | null {
  if (name === undefined) return fields;
  if (!Object.hasOwn(fields, name)) return null;
  const below = pick(asSet(fields[name]), rest);
  return below && { [name]: below };
}

function asSet(value: unknown): FieldSet {
  return isJsonObject(value) ? value : {};
}
