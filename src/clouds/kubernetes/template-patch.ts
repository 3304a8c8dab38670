import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, listAt, objectAt, textAt } from '../../model/json.ts';
import { type PatchOperation, pointer } from './json-patch.ts';

/**
 * The operations that make `after` of the template that an object has. Only images and lists of variables are replaced, so
 * that a field manager loses no more than what we change; order and duplicates of variables stay as they are (a strategic
 * merge would lose both).
 */
export function templateOperations(before: JsonObject, after: JsonObject): readonly PatchOperation[] {
  const lists = ['initContainers', 'containers'].flatMap((list) => containerOperations(list, before, after));
  return [...lists, ...annotationOperations(before, after)];
}

/** For a template that is another one altogether. */
export function wholeTemplate(template: JsonObject): readonly PatchOperation[] {
  return [{ op: 'replace', path: '/spec/template', value: template }];
}

function containerOperations(list: string, before: JsonObject, after: JsonObject): readonly PatchOperation[] {
  const old = listAt(before, 'spec', list);
  return listAt(after, 'spec', list).flatMap((container, index) => {
    const at = (member: string) => pointer('spec', 'template', 'spec', list, index, member);
    const members = (['image', 'env'] as const).filter(
      (name) => !isDeepStrictEqual(old[index]?.[name], container[name]),
    );
    const changes = members.map((name): PatchOperation => ({ op: 'add', path: at(name), value: container[name] }));
    const test: PatchOperation = { op: 'test', path: at('name'), value: textAt(container, 'name') };
    return changes.length > 0 ? [test, ...changes] : [];
  });
}

function annotationOperations(before: JsonObject, after: JsonObject): readonly PatchOperation[] {
  const path = ['spec', 'template', 'metadata', 'annotations'] as const;
  const [old, now] = [before, after].map((template) => objectAt(template, 'metadata', 'annotations')) as [
    JsonObject,
    JsonObject,
  ];
  const changed = Object.entries(now).filter(([key, value]) => old[key] !== value);
  if (changed.length === 0) return [];
  const hasMap = isJsonObject(objectAt(before, 'metadata')['annotations']);
  if (!hasMap) return [{ op: 'add', path: pointer(...path), value: now }];
  return changed.map(([key, value]) => ({ op: 'add', path: pointer(...path, key), value }));
}

/**
 * The operations after which the object has these annotations; null: not any more. Those that are so already are left out.
 */
export function objectAnnotations(
  object: JsonObject,
  wanted: Readonly<Record<string, string | null>>,
): readonly PatchOperation[] {
  const path = ['metadata', 'annotations'] as const;
  const now = objectAt(object, ...path);
  const changed = Object.entries(wanted).filter(([key, value]) => (now[key] ?? null) !== value);
  if (changed.length === 0) return [];
  if (!isJsonObject(objectAt(object, 'metadata')['annotations'])) {
    return [{ op: 'add', path: pointer(...path), value: Object.fromEntries(changed) }];
  }
  const isLast = Object.keys(now).length === changed.length && changed.every(([, value]) => value === null);
  if (isLast) return [{ op: 'remove', path: pointer(...path) }];
  return changed.map(([key, value]) =>
    value === null ? { op: 'remove', path: pointer(...path, key) } : { op: 'add', path: pointer(...path, key), value },
  );
}
