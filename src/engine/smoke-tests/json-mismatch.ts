import { formatExactJson } from '../../model/exact-json.ts';
import { excerpt, type Hide } from './excerpt.ts';

interface Place {
  readonly path: string;
  readonly hide: Hide;
}

/**
 * Where `actual` does not hold `expected`: objects by key, arrays by position, the rest by equality. A key that ends with `[*]`
 * is met by any item of that array; `[*]` alone, by any item of `actual` itself.
 * `$.items[0].label: expected "cat", got "dog"`; null: it does.
 */
export function findJsonMismatch(expected: unknown, actual: unknown, at: Place): string | null {
  if (typeof expected !== 'object' || expected === null) {
    return expected === actual ? null : mismatch(expected, actual, at);
  }
  if (isAnyItem(expected) && !isAnyItem(actual)) return findInAnyItem(expected[ANY_ITEM], actual, at);
  const isSameKind = typeof actual === 'object' && actual !== null && Array.isArray(actual) === Array.isArray(expected);
  if (!isSameKind) return mismatch(expected, actual, at);
  for (const entry of Object.entries(expected)) {
    const [key, value] = Object.hasOwn(actual, entry[0]) ? entry : splitAnyItem(entry);
    const inside = { ...at, path: at.path + step(key, Array.isArray(expected)) };
    // Own keys only: every object has a `constructor` that the service never sent.
    if (!Object.hasOwn(actual, key)) return `${inside.path}: expected ${shorten(value, at.hide)}, it is missing`;
    const found = findJsonMismatch(value, (actual as Record<string, unknown>)[key], inside);
    if (found) return found;
  }
  return null;
}

const ANY_ITEM = '[*]';

function isAnyItem(value: unknown): value is Readonly<Record<typeof ANY_ITEM, unknown>> {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === ANY_ITEM;
}

/** `{ "items[*]": x }` is `{ "items": { "[*]": x } }`. */
function splitAnyItem([key, value]: [string, unknown]): [string, unknown] {
  if (key === ANY_ITEM || !key.endsWith(ANY_ITEM)) return [key, value];
  return splitAnyItem([key.slice(0, -ANY_ITEM.length), { [ANY_ITEM]: value }]);
}

function findInAnyItem(expected: unknown, items: unknown, at: Place): string | null {
  if (!Array.isArray(items)) return `${at.path}: expected an array, got ${shorten(items, at.hide)}`;
  const inside = { ...at, path: at.path + ANY_ITEM };
  if (items.some((item) => findJsonMismatch(expected, item, inside) === null)) return null;
  const got = `got ${items.length === 1 ? '1 item' : `${items.length} items`}: ${shorten(items, at.hide)}`;
  return `${inside.path}: expected an item with ${shorten(expected, at.hide)}, ${got}`;
}

function mismatch(expected: unknown, actual: unknown, at: Place): string {
  return `${at.path}: expected ${shorten(expected, at.hide)}, got ${shorten(actual, at.hide)}`;
}

function shorten(value: unknown, hide: Hide): string {
  return typeof value === 'string'
    ? excerpt(value, hide, 100)
    : excerpt(formatExactJson(value), hide, 100).slice(1, -1);
}

function step(key: string, isIndex: boolean): string {
  if (isIndex) return `[${key}]`;
  return /^[A-Za-z_$][\w$-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
