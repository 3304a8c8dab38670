import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { isSameValue, readContainers } from './template.ts';

/** One line for each difference. Images are shown; of everything else only the name, never a value. */
export function listDifferences(present: JsonObject, edited: JsonObject): readonly string[] {
  const old = byName(readContainers(present));
  const now = byName(readContainers(edited));
  const containers = [...now].flatMap(([name, container]) => {
    const before = old.get(name);
    const lines = before ? listChanges(before, container) : ['added'];
    return lines.map((line) => `container ${name}: ${line}`);
  });
  const removed = namesMissing(old, now).map((name) => `container ${name}: removed`);
  return [...containers, ...removed, ...listMembers(present, edited, ['revisionSuffix', 'containers'])];
}

/** The same without the images, which every deploy changes. */
export function listConfigurationDifferences(present: JsonObject, edited: JsonObject): readonly string[] {
  const old = byName(readContainers(present));
  const containers = readContainers(edited).map((container) => {
    const before = old.get(textAt(container, 'name'));
    return before ? { ...container, image: before['image'] } : container;
  });
  return listDifferences(present, { ...edited, containers });
}

function listChanges(present: JsonObject, edited: JsonObject): readonly string[] {
  const image = present['image'] === edited['image'] ? [] : [`image ${present['image']} -> ${edited['image']}`];
  const old = byName(listAt(present, 'env'));
  const now = byName(listAt(edited, 'env'));
  const variables = [...now].flatMap(([name, variable]) => {
    const before = old.get(name);
    if (!before) return [`${kindOf(variable)} ${name} added`];
    return isSameValue(before, variable) ? [] : [`${kindOf(variable)} ${name} changed`];
  });
  const removed = namesMissing(old, now).map((name) => `${kindOf(old.get(name)!)} ${name} removed`);
  return [...image, ...variables, ...removed, ...listMembers(present, edited, ['name', 'image', 'env'])];
}

function listMembers(present: JsonObject, edited: JsonObject, shown: readonly string[]): readonly string[] {
  const names = [...new Set([...Object.keys(present), ...Object.keys(edited)])].sort();
  const changed = names.filter((name) => !shown.includes(name) && !isSameValue(present[name], edited[name]));
  return changed.map((name) => `${name} changed`);
}

function kindOf(variable: JsonObject): string {
  return textAt(variable, 'secretRef') === '' ? 'environment variable' : 'secret';
}

function byName(list: readonly JsonObject[]): ReadonlyMap<string, JsonObject> {
  return new Map(list.map((item) => [textAt(item, 'name'), item]));
}

function namesMissing(old: ReadonlyMap<string, unknown>, now: ReadonlyMap<string, unknown>): readonly string[] {
  return [...old.keys()].filter((name) => !now.has(name));
}
