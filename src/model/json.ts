/** An object of JSON from outside. What we do not know in it must survive, so its members stay `unknown`. */
export type JsonObject = { readonly [name: string]: unknown };

/** Never throws. undefined: the text is not JSON (which has no `undefined`, but has `null`). */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is at this path, by own members only: text from outside may name `constructor` or `__proto__`. */
export function valueAt(document: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) => (isJsonObject(found) && Object.hasOwn(found, name) ? found[name] : undefined),
    document,
  );
}

/** '' where there is no text. */
export function textAt(document: unknown, ...path: readonly string[]): string {
  const found = valueAt(document, ...path);
  return typeof found === 'string' ? found : '';
}

/** 0 where there is no number. 64-bit numbers travel as text. */
export function numberAt(document: unknown, ...path: readonly string[]): number {
  const found = valueAt(document, ...path);
  const value = typeof found === 'string' || typeof found === 'number' ? Number(found) : 0;
  return Number.isFinite(value) ? value : 0;
}

/** {} where there is no object. */
export function objectAt(document: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(document, ...path);
  return isJsonObject(found) ? found : {};
}

/** The objects of the list; [] where there is no list. */
export function listAt(document: unknown, ...path: readonly string[]): readonly JsonObject[] {
  const found = valueAt(document, ...path);
  return Array.isArray(found) ? found.filter(isJsonObject) : [];
}

/** The texts of the list; [] where there is no list. */
export function textsAt(document: unknown, ...path: readonly string[]): readonly string[] {
  const found = valueAt(document, ...path);
  return Array.isArray(found) ? found.filter((text) => typeof text === 'string') : [];
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One text for all documents that are equal, whatever the order of their members. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value ?? null;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  );
}
