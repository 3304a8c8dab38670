import { isObject, type Json, type JsonObject } from '../json.ts';
import { AwsError } from './aws-error.ts';

/** @throws AwsError SerializationException, as the JSON services answer for a body that they can't read. */
export function parseJsonObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    if (isObject(value)) return value;
  } catch {
    // Answered below like any other body that is not an object.
  }
  throw new AwsError('SerializationException', 'The request body is not a JSON object');
}

/** The member, or null where it is absent or null. @throws AwsError SerializationException for another type. */
export function readString(body: JsonObject, name: string): string | null {
  const value = body[name] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw wrongType(name, 'a string');
}

export function readNumber(body: JsonObject, name: string): number | null {
  const value = body[name] ?? null;
  if (value === null || typeof value === 'number') return value;
  throw wrongType(name, 'a number');
}

export function readObject(body: JsonObject, name: string): JsonObject | null {
  const value = body[name] ?? null;
  if (value === null || isObject(value)) return value;
  throw wrongType(name, 'an object');
}

export function readObjects(body: JsonObject, name: string): readonly JsonObject[] {
  const value = body[name] ?? [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw wrongType(name, 'a list of objects');
}

export function readStrings(body: JsonObject, name: string): readonly string[] {
  const value = body[name] ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw wrongType(name, 'a list of strings');
}

/** Leaves out what has no value: the services never send null. */
export function compact(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));
}

/** Milliseconds since 1970 -> the JSON protocol's time stamp, in seconds. */
export function toTimestamp(timeMs: number): number;
export function toTimestamp(timeMs: number | null): number | null;
export function toTimestamp(timeMs: number | null): number | null {
  return timeMs === null ? null : timeMs / 1_000;
}

function wrongType(name: string, expected: string): AwsError {
  return new AwsError('SerializationException', `${name} is not ${expected}`);
}
