import { isObject, type Json, type JsonObject } from '../../json.ts';

/** Members whose own members are not fields: a value is kept even when it is empty. */
const MAPS = new Set(['labels', 'annotations', 'limits', 'environmentVariables']);
/** Fields that know whether they were set. */
const OPTIONAL = new Set(['value', 'gpuZonalRedundancyDisabled', 'manualInstanceCount']);

/**
 * What the service keeps of a document: it stores messages, not JSON, so a `percent: 0` or `tag: ''` that was sent is not
 * there when it is read. https://protobuf.dev/programming-guides/json/#presence
 */
export function toStoredForm(document: JsonObject): JsonObject {
  const entries = Object.entries(document).filter(([name, value]) => OPTIONAL.has(name) || !isUnset(name, value));
  return Object.fromEntries(entries.map(([name, value]) => [name, MAPS.has(name) ? value : storedValue(value)]));
}

function storedValue(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(storedValue);
  return isObject(value) ? toStoredForm(value) : (value ?? null);
}

/** An empty map is unset; an empty message is not. */
function isUnset(name: string, value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return MAPS.has(name) && Object.keys(value).length === 0;
  return value === null || value === undefined || value === false || value === 0 || value === '';
}
