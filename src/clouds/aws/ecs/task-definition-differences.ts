import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../model/json.ts';
import { readContainers } from './task-definition.ts';

/** One line for each difference. Images are shown; of everything else only the name, never a value. */
export function listDifferences(previous: JsonObject, edited: JsonObject): readonly string[] {
  const old = byName(readContainers(previous));
  const now = byName(readContainers(edited));
  const containers = [...now].flatMap(([name, container]) => {
    const before = old.get(name);
    const lines = before ? containerDifferences(before, container) : ['added'];
    return lines.map((line) => `container ${name}: ${line}`);
  });
  const removed = [...old.keys()].filter((name) => !now.has(name)).map((name) => `container ${name}: removed`);
  return [...containers, ...removed, ...listMembers(previous, edited, ['containerDefinitions'])];
}

function containerDifferences(previous: JsonObject, edited: JsonObject): readonly string[] {
  const image = previous['image'] === edited['image'] ? [] : [`image ${previous['image']} -> ${edited['image']}`];
  return [
    ...image,
    ...listChanges('environment variable', previous['environment'], edited['environment']),
    ...listChanges('secret', previous['secrets'], edited['secrets']),
    ...listMembers(previous, edited, ['image', 'environment', 'secrets']),
  ];
}

/** What differs by a base other than what is live (`cpu changed`), or a login that is dropped. */
function listMembers(previous: JsonObject, edited: JsonObject, shown: readonly string[]): readonly string[] {
  const names = [...new Set([...Object.keys(previous), ...Object.keys(edited)])].sort();
  const changed = names.filter((name) => !shown.includes(name) && !isDeepStrictEqual(previous[name], edited[name]));
  return changed.map((name) => {
    if (!Object.hasOwn(edited, name)) return `${name} removed`;
    return `${name} ${Object.hasOwn(previous, name) ? 'changed' : 'added'}`;
  });
}

function listChanges(kind: string, previous: unknown, edited: unknown): readonly string[] {
  const [old, now] = [byName(previous), byName(edited)];
  const gone = [...old.keys()].filter((name) => !now.has(name)).map((name) => `${kind} ${name} removed`);
  const others = [...now].flatMap(([name, entry]) => {
    if (!old.has(name)) return [`${kind} ${name} added`];
    return isDeepStrictEqual(old.get(name), entry) ? [] : [`${kind} ${name} changed`];
  });
  return [...gone, ...others];
}

function byName(list: unknown): ReadonlyMap<string, JsonObject> {
  return new Map((Array.isArray(list) ? (list as JsonObject[]) : []).map((entry) => [String(entry['name']), entry]));
}
