import { isObject, type Json } from '../json.ts';

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

/** The value without a member, however deep: `['properties', 'template']`. */
export function without(value: Json | undefined, path: readonly string[]): Json {
  const [name = '', ...rest] = path;
  if (name === '*' && Array.isArray(value)) return value.map((item: Json) => without(item, rest));
  if (!isObject(value)) return value ?? null;
  if (rest.length > 0) return name in value ? { ...value, [name]: without(value[name], rest) } : value;
  const { [name]: _, ...others } = value;
  return others;
}
