import { isObject, isSame, type Json, type JsonObject } from '../../json.ts';
import { listMapKeysOf } from '../patch/merge-keys.ts';

/**
 * A set of fields, each as its path: elements `f:spec`, `k:{"name":"web"}` and `v:"x"`, joined by `SEPARATOR`.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export type FieldSet = ReadonlySet<string>;

const SEPARATOR = '\n';
/** Members that have one owner as a whole, although they are objects. */
const ATOMIC = new Set([
  'roleRef',
  'selector',
  'nodeSelector',
  'fieldRef',
  'configMapKeyRef',
  'secretKeyRef',
  'resourceFieldRef',
]);
/** What the server alone writes is owned by no one. */
const SERVERS = [
  'managedFields',
  'resourceVersion',
  'uid',
  'creationTimestamp',
  'generation',
  'selfLink',
  'name',
  'namespace',
];

interface Place {
  /** Of the field set. */
  readonly path: readonly string[];
  /** Names of members alone: what kind of list this is. */
  readonly names: readonly string[];
}

const ROOT: Place = { path: [], names: [] };

export interface FieldChanges {
  /** New, or with another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** What differs between two states of an object. */
export function changesBetween(before: JsonObject, after: JsonObject): FieldChanges {
  const changed = new Set<string>();
  const removed = new Set<string>();
  compare(owned(before), owned(after), { place: ROOT, changed, removed });
  return { changed, removed };
}

/** The fields that somebody who applies this document names. */
export function fieldsApplied(document: JsonObject): FieldSet {
  const fields = new Set<string>();
  collectApplied(owned(document), ROOT, fields);
  // Nothing of it was named but what the server owns.
  fields.delete('f:metadata');
  return fields;
}

export function union(one: FieldSet, other: FieldSet): FieldSet {
  return new Set([...one, ...other]);
}

export function without(one: FieldSet, other: FieldSet): FieldSet {
  return new Set([...one].filter((field) => !other.has(field)));
}

export function common(one: FieldSet, other: FieldSet): FieldSet {
  return new Set([...one].filter((field) => other.has(field)));
}

export function isSameSet(one: FieldSet, other: FieldSet): boolean {
  return one.size === other.size && [...one].every((field) => other.has(field));
}

export function toFieldsV1(fields: FieldSet): JsonObject {
  const root: Record<string, unknown> = {};
  for (const field of [...fields].sort()) {
    let node = root;
    const elements = field.split(SEPARATOR);
    elements.forEach((element) => {
      node[element] ??= {};
      node = node[element] as Record<string, unknown>;
    });
    node['.'] = {};
  }
  return withoutLoneDots(root) as JsonObject;
}

export function parseFieldsV1(document: JsonObject): FieldSet {
  const fields = new Set<string>();
  const visit = (node: JsonObject, path: readonly string[]): void => {
    const names = Object.keys(node);
    if (path.length > 0 && (names.length === 0 || names.includes('.'))) fields.add(path.join(SEPARATOR));
    for (const name of names) if (name !== '.') visit(node[name] as JsonObject, [...path, name]);
  };
  visit(document, []);
  return fields;
}

/** `.spec.template.spec.containers[name="web"].image` */
export function toReadablePath(field: string): string {
  const elements = field.split(SEPARATOR).map((element) => {
    if (element.startsWith('f:')) return `.${element.slice(2)}`;
    if (element.startsWith('v:')) return `[=${element.slice(2)}]`;
    const keys = Object.entries(JSON.parse(element.slice(2)) as JsonObject);
    return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
  });
  return elements.join('');
}

/** The document without these fields; a list's item goes when it is named itself. */
export function removeFields(document: JsonObject, fields: FieldSet): JsonObject {
  if (fields.size === 0) return document;
  return prune(document, ROOT, fields) as JsonObject;
}

function prune(value: Json | undefined, place: Place, fields: FieldSet): Json | undefined {
  if (isObject(value)) {
    const entries = Object.entries(value).flatMap(([name, member]) => {
      const inner = below(place, `f:${name}`, name);
      const isGone = fields.has(inner.path.join(SEPARATOR)) && !isKept(member, inner, fields);
      return isGone ? [] : [[name, prune(member, inner, fields)] as const];
    });
    return Object.fromEntries(entries);
  }
  const keys = Array.isArray(value) ? listMapKeysOf(place.names) : null;
  if (keys === null) return value;
  return (value as readonly JsonObject[]).flatMap((item) => {
    const inner = below(place, keyElement(item, keys));
    return fields.has(inner.path.join(SEPARATOR)) ? [] : [prune(item, inner, fields) as JsonObject];
  });
}

/** An object or list stays as long as something below it does. */
function isKept(value: Json | undefined, place: Place, fields: FieldSet): boolean {
  if (!isObject(value) && !(Array.isArray(value) && listMapKeysOf(place.names))) return false;
  const rest = prune(value, place, fields);
  return isObject(rest) ? Object.keys(rest).length > 0 : (rest as readonly Json[]).length > 0;
}

interface Comparison {
  readonly place: Place;
  readonly changed: Set<string>;
  readonly removed: Set<string>;
}

function compare(before: Json | undefined, after: Json | undefined, to: Comparison): void {
  const { place, changed, removed } = to;
  if (before === undefined && after === undefined) return;
  if (after === undefined) return void collectAll(before, place, removed);
  if (before === undefined) return void collectAll(after, place, changed);
  if (isObject(before) && isObject(after) && !isAtomic(place)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[name], after[name], { ...to, place: below(place, `f:${name}`, name) });
    }
    return;
  }
  const keys = listMapKeysOf(place.names);
  if (Array.isArray(after) && (Array.isArray(before) || before === null) && keys !== null)
    return void compareLists((before ?? []) as readonly JsonObject[], after as readonly JsonObject[], { ...to, keys });
  if (!isSame(before, after)) changed.add(place.path.join(SEPARATOR));
}

function compareLists(
  before: readonly JsonObject[],
  after: readonly JsonObject[],
  { keys, ...to }: Comparison & { readonly keys: readonly string[] },
): void {
  const byKey = (items: readonly JsonObject[]) => new Map(items.map((item) => [keyElement(item, keys), item]));
  const [old, now] = [byKey(before), byKey(after)];
  const elements = after.map((item) => keyElement(item, keys));
  for (const element of new Set([...old.keys(), ...now.keys()])) {
    // Of a name that is there twice, nobody knows whose its fields are: only that it is there.
    if (elements.indexOf(element) !== elements.lastIndexOf(element)) {
      const place = below(to.place, element);
      const allOf = (items: readonly JsonObject[]) => items.filter((item) => keyElement(item, keys) === element);
      if (isSame(allOf(before), allOf(after))) continue;
      collectAll(old.get(element), place, to.removed);
      to.removed.delete(place.path.join(SEPARATOR));
      to.changed.add(place.path.join(SEPARATOR));
      continue;
    }
    compare(old.get(element), now.get(element), { ...to, place: below(to.place, element) });
  }
}

/** A field that came or went, with everything below it. */
function collectAll(value: Json | undefined, place: Place, into: Set<string>): void {
  into.add(place.path.join(SEPARATOR));
  if (isAtomic(place)) return;
  if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) collectAll(member, below(place, `f:${name}`, name), into);
  } else if (Array.isArray(value)) {
    const keys = listMapKeysOf(place.names);
    if (keys)
      for (const item of value as readonly JsonObject[]) collectAll(item, below(place, keyElement(item, keys)), into);
  }
}

function collectApplied(value: Json | undefined, place: Place, into: Set<string>): void {
  const keys = Array.isArray(value) ? listMapKeysOf(place.names) : null;
  if (isObject(value) && !isAtomic(place) && Object.keys(value).length > 0) {
    for (const [name, member] of Object.entries(value)) collectApplied(member, below(place, `f:${name}`, name), into);
  } else if (keys && (value as readonly JsonObject[]).length > 0) {
    for (const item of value as readonly JsonObject[]) {
      const inner = below(place, keyElement(item, keys));
      into.add(inner.path.join(SEPARATOR));
      collectApplied(item, inner, into);
    }
  } else if (place.path.length > 0) into.add(place.path.join(SEPARATOR));
}

function below({ path, names }: Place, element: string, name?: string): Place {
  return { path: [...path, element], names: name === undefined ? names : [...names, name] };
}

function isAtomic({ names, path }: Place): boolean {
  if (names.at(-1) === 'ownerReferences') return path.at(-1)?.startsWith('k:') === true;
  return ATOMIC.has(names.at(-1) ?? '') && names[0] !== 'metadata';
}

function keyElement(item: JsonObject, keys: readonly string[]): string {
  const values = keys.map((key) => [key, item[key] ?? (key === 'protocol' ? 'TCP' : undefined)]);
  return `k:${JSON.stringify(Object.fromEntries(values))}`;
}

function owned({ apiVersion: _, kind: __, ...object }: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isObject(metadata)) return object;
  const rest = Object.entries(metadata).filter(([name]) => !SERVERS.includes(name));
  return { ...object, metadata: Object.fromEntries(rest) };
}

/** A field that has nothing below it is {}; `.` says that one with something below is owned itself. */
function withoutLoneDots(node: Record<string, unknown>): unknown {
  const names = Object.keys(node);
  if (names.length === 1 && names[0] === '.') return {};
  return Object.fromEntries(names.map((name) => [name, withoutLoneDots(node[name] as Record<string, unknown>)]));
}
