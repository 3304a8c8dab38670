import { isObject, type Json, type JsonObject } from '../json.ts';

/** 0 where it is absent. int64 travels as a string. */
export function numberOf(document: JsonObject, name: string): number {
  const value = document[name];
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
}

/** Without what proto3 doesn't send: null, false, 0, '', empty lists and objects. Only the outermost level. */
export function withoutDefaults(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isDefault(value)));
}

/** As Google writes times: microseconds, in UTC. */
export function toTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000Z');
}

function isDefault(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
