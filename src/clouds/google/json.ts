/** A document whose unknown members must survive. */
export type Json = { readonly [name: string]: unknown };

/** '' where it is absent, as Google's APIs leave out what is empty. */
export function textOf(document: Json, name: string): string {
  const value = document[name];
  return typeof value === 'string' ? value : '';
}

/** 0 where it is absent. 64-bit numbers travel as text. */
export function numberOf(document: Json, name: string): number {
  const value = Number(document[name] ?? 0);
  return Number.isFinite(value) ? value : 0;
}

export function objectOf(document: Json, name: string): Json {
  const value = document[name];
  return isObject(value) ? value : {};
}

export function listOf(document: Json, name: string): readonly Json[] {
  const value = document[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** One text for all documents that are equal, whatever the order of their members. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** Without one member. */
export function without(document: Json, name: string): Json {
  const { [name]: _, ...rest } = document;
  return rest;
}

/** The last part of a resource's full name: `agent-00007-abc`. */
export function shortName(resource: string): string {
  return resource.slice(resource.lastIndexOf('/') + 1);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value ?? null;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  );
}
