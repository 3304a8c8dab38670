import { excerpt } from './excerpt.ts';

/**
 * Where `actual` does not hold `expected`: objects by key, arrays by position, the rest by equality.
 * `$.items[0].label: expected "cat", got "dog"`; null: it does.
 */
export function findJsonMismatch(
  expected: unknown,
  actual: unknown,
  at: { readonly path: string; readonly secrets: readonly string[] },
): string | null {
  if (typeof expected !== 'object' || expected === null) {
    return expected === actual ? null : mismatch(expected, actual, at);
  }
  const isSameKind = typeof actual === 'object' && actual !== null && Array.isArray(actual) === Array.isArray(expected);
  if (!isSameKind) return mismatch(expected, actual, at);
  for (const [key, value] of Object.entries(expected)) {
    const inside = { ...at, path: at.path + step(key, Array.isArray(expected)) };
    // Own keys only: every object has a `constructor` that the service never sent.
    if (!Object.hasOwn(actual, key)) return `${inside.path}: expected ${shorten(value, at.secrets)}, it is missing`;
    const found = findJsonMismatch(value, (actual as Record<string, unknown>)[key], inside);
    if (found) return found;
  }
  return null;
}

function mismatch(expected: unknown, actual: unknown, at: { path: string; secrets: readonly string[] }): string {
  return `${at.path}: expected ${shorten(expected, at.secrets)}, got ${shorten(actual, at.secrets)}`;
}

function shorten(value: unknown, secrets: readonly string[]): string {
  return typeof value === 'string'
    ? excerpt(value, secrets, 100)
    : excerpt(JSON.stringify(value), secrets, 100).slice(1, -1);
}

function step(key: string, isIndex: boolean): string {
  if (isIndex) return `[${key}]`;
  return /^[A-Za-z_$][\w$-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
