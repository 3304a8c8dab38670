import { isObject, type Json, type JsonObject } from '../../json.ts';
import { GoogleError } from '../google-error.ts';

/** What only the platform writes: ignored in a body. https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services */
const OUTPUT_ONLY = new Set([
  ...['name', 'uid', 'generation', 'createTime', 'updateTime', 'deleteTime', 'expireTime', 'creator', 'lastModifier'],
  ...['observedGeneration', 'terminalCondition', 'conditions', 'latestReadyRevision', 'latestCreatedRevision'],
  ...['trafficStatuses', 'uri', 'urls', 'satisfiesPzs', 'threatDetectionEnabled', 'reconciling', 'etag'],
]);

/** What a body sets of a service: its members without the platform's own. */
export function settableOf(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !OUTPUT_ONLY.has(name)));
}

/**
 * `config` with the members that `mask` names taken from `body`; absent there: removed. Without a mask it is every
 * member that the body has; `*`: all. https://google.aip.dev/134
 */
export function merge(config: JsonObject, body: JsonObject, mask: string): JsonObject {
  const settable = settableOf(body);
  if (mask === '*') return settable;
  const paths = mask === '' ? Object.keys(settable) : mask.split(',').map(toCamelCase);
  return paths.reduce<JsonObject>((merged, path) => {
    const [first = ''] = path.split('.');
    // Named on purpose or not, the platform's own members are never changed.
    if (OUTPUT_ONLY.has(first)) return merged;
    return mergePath(merged, settable, path.split('.'));
  }, config);
}

function mergePath(into: JsonObject, from: JsonObject, path: readonly string[]): JsonObject {
  const [name = '', ...rest] = path;
  if (name === '') throw new GoogleError('INVALID_ARGUMENT', 'Invalid field mask: a path is empty.');
  const { [name]: old, ...others } = into;
  if (rest.length === 0) return from[name] === undefined ? others : { ...others, [name]: from[name] as Json };
  const below = mergePath(isObject(old) ? old : {}, isObject(from[name]) ? from[name] : {}, rest);
  return { ...others, [name]: below };
}

/** The client library sends paths in snake_case; JSON's form is camelCase, and Google takes both. */
function toCamelCase(path: string): string {
  return path.trim().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
