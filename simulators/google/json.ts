import { isObject, type Json, type JsonObject } from '../json.ts';

/** A member as text; '' where it is absent, as proto3 has it. */
export function textOf(document: JsonObject, name: string): string {
  const value = document[name];
  return typeof value === 'string' ? value : '';
}

/** 0 where it is absent. int64 travels as a string. */
export function numberOf(document: JsonObject, name: string): number {
  const value = document[name];
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
}

export function objectOf(document: JsonObject, name: string): JsonObject {
  const value = document[name];
  return isObject(value) ? value : {};
}

export function objectsOf(document: JsonObject, name: string): readonly JsonObject[] {
  const value = document[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Without what proto3 doesn't send: null, false, 0, '', empty lists and objects. Only the outermost level. */
export function withoutDefaults(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isDefault(value)));
}

/** Equal whatever the order of their members. */
export function isSame(one: Json | undefined, other: Json | undefined): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
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

function sorted(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value ?? null;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  );
}
