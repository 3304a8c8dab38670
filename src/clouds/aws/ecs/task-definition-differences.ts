import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../model/json.ts';
import { readContainers } from './task-definition.ts';

/** One line for each difference that our change makes. Images are shown; of everything else only the name. */
export function listDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  const old = new Map(readContainers(before).map((container) => [container['name'], container]));
  return readContainers(after).flatMap((container) => {
    const lines = containerDifferences(old.get(container['name']) ?? {}, container);
    return lines.map((line) => `container ${String(container['name'])}: ${line}`);
  });
}

function containerDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  const image = before['image'] === after['image'] ? [] : [`image ${before['image']} -> ${after['image']}`];
  return [
    ...image,
    ...listChanges('environment variable', before['environment'], after['environment']),
    ...listChanges('secret', before['secrets'], after['secrets']),
  ];
}

function listChanges(kind: string, before: unknown, after: unknown): readonly string[] {
  const [old, now] = [byName(before), byName(after)];
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
