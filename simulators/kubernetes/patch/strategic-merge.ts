import { isObject, isSame, type Json, type JsonObject } from '../../json.ts';
import { badRequest } from '../api/api-error.ts';
import { isPrimitiveSet, mergeKeyOf } from './merge-keys.ts';

const ORDER = '$setElementOrder/';
const DELETED = '$deleteFromPrimitiveList/';
const RETAIN = '$retainKeys';
const DIRECTIVE = '$patch';

/**
 * Lists with a merge key are merged item by item; null removes; `$patch`, `$retainKeys`, `$setElementOrder` and
 * `$deleteFromPrimitiveList` are followed. `path`: of the object in its document.
 * @throws ApiError 400 for a directive that is not known
 */
export function strategicMerge(object: JsonObject, patch: JsonObject, path: readonly string[] = []): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw badRequest(`Unknown patch type found: ${directive}`);
  const merged: Record<string, Json | undefined> = { ...retained(object, patch) };
  for (const [name, value] of Object.entries(patch)) {
    if (name === DIRECTIVE || name === RETAIN || name.startsWith(ORDER)) continue;
    if (name.startsWith(DELETED)) {
      const member = name.slice(DELETED.length);
      const gone = value as readonly Json[];
      merged[member] = listOf(merged[member]).filter((one) => !gone.some((other) => isSame(one, other)));
      continue;
    }
    if (value === null) delete merged[name];
    else merged[name] = mergeValue(merged[name], value, { path: [...path, name], order: patch[`${ORDER}${name}`] });
  }
  return merged;
}

interface Place {
  readonly path: readonly string[];
  /** `$setElementOrder` of the list. */
  readonly order?: Json | undefined;
}

function mergeValue(before: Json | undefined, value: Json | undefined, { path, order }: Place): Json | undefined {
  if (isObject(value)) return strategicMerge(isObject(before) ? before : {}, value, path);
  if (!Array.isArray(value)) return value;
  if (isPrimitiveSet(path)) return [...new Set([...listOf(before), ...value])];
  const key = mergeKeyOf(path);
  const items = value as readonly Json[];
  if (key === null || !items.every(isObject)) return value;
  return mergeList(listOf(before).filter(isObject), items, { path, order, key });
}

function mergeList(
  before: readonly JsonObject[],
  patch: readonly JsonObject[],
  { path, order, key }: Place & { readonly key: string },
): readonly JsonObject[] {
  if (patch.some((item) => item[DIRECTIVE] === 'replace' && Object.keys(item).length === 1))
    return patch.filter((item) => item[DIRECTIVE] === undefined).map(withoutDirectives);
  let merged = [...before];
  const given: JsonObject[] = [];
  for (const item of patch) {
    const id = item[key];
    if (id === undefined) throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    if (item[DIRECTIVE] === 'delete') {
      merged = merged.filter((other) => other[key] !== id);
      continue;
    }
    given.push(item);
    // Of a name that is there twice, the first is changed.
    const index = merged.findIndex((other) => other[key] === id);
    if (index < 0) merged.push(strategicMerge({}, item, path));
    else merged[index] = strategicMerge(merged[index]!, item, path);
  }
  const wanted = (Array.isArray(order) ? order.filter(isObject) : given).map((item) => item[key]);
  return inOrder(merged, before, { wanted, key });
}

/**
 * Items that the patch names keep its order, the others the server's. Where neither decides, the patch's come first: so a new
 * variable stands before those that were there.
 */
function inOrder(
  merged: readonly JsonObject[],
  before: readonly JsonObject[],
  { wanted, key }: { readonly wanted: readonly (Json | undefined)[]; readonly key: string },
): readonly JsonObject[] {
  const left = wanted.flatMap((id) => merged.filter((item) => item[key] === id).slice(0, 1));
  const right = merged.filter((item) => !left.includes(item));
  const placeOf = (item: JsonObject): number => before.findIndex((other) => other[key] === item[key]);
  const ordered: JsonObject[] = [];
  while (left.length > 0 && right.length > 0) {
    const [mine, theirs] = [placeOf(left[0]!), placeOf(right[0]!)];
    const isTheirsFirst = mine >= 0 && theirs >= 0 && theirs < mine;
    ordered.push((isTheirsFirst ? right : left).shift()!);
  }
  return [...ordered, ...left, ...right];
}

function retained(object: JsonObject, patch: JsonObject): JsonObject {
  const names = patch[RETAIN];
  if (!Array.isArray(names)) return object;
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));
}

function withoutDirectives(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name, member]) => !name.startsWith('$') && member !== null));
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
