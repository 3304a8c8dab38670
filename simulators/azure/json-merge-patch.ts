import { isObject, type Json, type JsonObject } from '../json.ts';

/** RFC 7396: null takes a member away, an array is replaced as a whole. */
export function mergePatch(target: Json | undefined, patch: Json | undefined): Json {
  if (!isObject(patch)) return patch ?? null;
  const merged: Record<string, Json | undefined> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

/** The member at the path, or undefined. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((part, name) => (isObject(part) ? part[name] : undefined), value);
}

/** The object at the path; {} where there is none. */
export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** The objects of the list at the path; [] where there is none. */
export function objectsAt(value: Json | undefined, ...path: readonly string[]): readonly JsonObject[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

/** '' where there is none. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The value without a member, however deep: `['properties', 'template']`. */
export function without(value: Json | undefined, path: readonly string[]): Json {
  const [name = '', ...rest] = path;
  if (name === '*' && Array.isArray(value)) return value.map((item: Json) => without(item, rest));
  if (!isObject(value)) return value ?? null;
  if (rest.length > 0) return name in value ? { ...value, [name]: without(value[name], rest) } : value;
  const { [name]: _, ...others } = value;
  return others;
}

/** Equal whatever the order of members. */
export function isSame(one: Json | undefined, other: Json | undefined): boolean {
  return stable(one) === stable(other);
}

function stable(value: Json | undefined): string {
  return JSON.stringify(value ?? null, (_, part: Json) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
