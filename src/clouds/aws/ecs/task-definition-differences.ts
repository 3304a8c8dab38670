import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../model/json.ts';
import { readContainers } from './task-definition.ts';

/** One line for each difference that our change makes. Images are shown; of everything else only the name. */
export function listDifferences(previous: JsonObject, edited: JsonObject): readonly string[] {
  const old = new Map(readContainers(previous).map((container) => [container['name'], container]));
  return readContainers(edited).flatMap((container) => {
    const lines = containerDifferences(old.get(container['name']) ?? {}, container);
    return lines.map((line) => `container ${String(container['name'])}: ${line}`);
  });
}

function containerDifferences(previous: JsonObject, edited: JsonObject): readonly string[] {
  const image = previous['image'] === edited['image'] ? [] : [`image ${previous['image']} -> ${edited['image']}`];
  return [
    ...image,
    ...listChanges('environment variable', previous['environment'], edited['environment']),
    ...listChanges('secret', previous['secrets'], edited['secrets']),
  ];
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
