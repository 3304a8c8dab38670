import { isObject, type Json, type JsonObject } from '../../json.ts';

/** RFC 7386: lists are replaced, null removes. */
export function mergePatch(object: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, Json | undefined> = { ...object };
  for (const [name, value] of Object.entries(patch)) {
    const before = merged[name];
    if (value === null) delete merged[name];
    else merged[name] = isObject(value) ? mergePatch(isObject(before) ? before : {}, value) : value;
  }
  return merged;
}
