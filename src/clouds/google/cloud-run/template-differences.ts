import { isDeepStrictEqual } from 'node:util';
import { containerName } from '../../../model/container-edits.ts';
import { type JsonObject, listAt, textAt } from '../../../model/json.ts';

/** One line for each difference that our change makes. Images are shown; of everything else only the name. */
export function listDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  const old = listAt(before, 'containers');
  return listAt(after, 'containers').flatMap((container, index) => {
    const lines = containerDifferences(old[index] ?? {}, container);
    return lines.map((line) => `container ${containerName(container, index)}: ${line}`);
  });
}

function containerDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  const [old, now] = [textAt(before, 'image'), textAt(after, 'image')];
  const image = old === now ? [] : [`image ${old} -> ${now}`];
  return [...image, ...listChanges(listAt(before, 'env'), listAt(after, 'env'))];
}

function listChanges(before: readonly JsonObject[], after: readonly JsonObject[]): readonly string[] {
  const old = new Map(before.map((entry) => [textAt(entry, 'name'), entry]));
  return after.flatMap((entry) => {
    const name = textAt(entry, 'name');
    const [previous, is] = [old.get(name), kindOf(entry)];
    if (!previous) return [`${is} ${name} added`];
    if (isDeepStrictEqual(previous, entry)) return [];
    return kindOf(previous) === is
      ? [`${is} ${name} changed`]
      : [`${name} becomes ${is === 'secret' ? 'a' : 'an'} ${is}`];
  });
}

function kindOf(entry: JsonObject): string {
  return 'valueSource' in entry ? 'secret' : 'environment variable';
}
