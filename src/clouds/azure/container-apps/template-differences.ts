import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { isSameValue, readContainers, readInitContainers } from './template.ts';

/** One line for each difference. Images are shown; of everything else only the name, never a value. */
export function listDifferences(present: JsonObject, edited: JsonObject): readonly string[] {
  return [
    ...listContainers('container', readContainers(present), readContainers(edited)),
    ...listContainers('init container', readInitContainers(present), readInitContainers(edited)),
    ...listMembers(present, edited, ['revisionSuffix', 'containers', 'initContainers']),
  ];
}

function listContainers(
  kind: string,
  present: readonly JsonObject[],
  edited: readonly JsonObject[],
): readonly string[] {
  const old = byName(present);
  const now = byName(edited);
  const changed = [...now].flatMap(([name, container]) => {
    const before = old.get(name);
    const lines = before ? listChanges(before, container) : ['added'];
    return lines.map((line) => `${kind} ${name}: ${line}`);
  });
  return [...changed, ...namesMissing(old, now).map((name) => `${kind} ${name}: removed`)];
}

/** The same without the images, which every deploy changes. */
export function listConfigurationDifferences(present: JsonObject, edited: JsonObject): readonly string[] {
  const containers = withImagesOf(readContainers(present), readContainers(edited));
  const inits = readInitContainers(edited);
  const initContainers = withImagesOf(readInitContainers(present), inits);
  return listDifferences(present, { ...edited, containers, ...(inits.length > 0 ? { initContainers } : {}) });
}

function withImagesOf(present: readonly JsonObject[], edited: readonly JsonObject[]): readonly JsonObject[] {
  const old = byName(present);
  return edited.map((container) => {
    const before = old.get(textAt(container, 'name'));
    return before ? { ...container, image: before['image'] } : container;
  });
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
