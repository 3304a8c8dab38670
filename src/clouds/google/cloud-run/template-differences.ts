import { isDeepStrictEqual } from 'node:util';
import { containerName } from '../../../model/container-edits.ts';
import { type Json, listOf, textOf } from '../json.ts';

/** One line for each difference that our change makes. Images are shown; of everything else only the name. */
export function listDifferences(before: Json, after: Json): readonly string[] {
  const old = listOf(before, 'containers');
  return listOf(after, 'containers').flatMap((container, index) => {
    const lines = containerDifferences(old[index] ?? {}, container);
    return lines.map((line) => `container ${containerName(container, index)}: ${line}`);
  });
}

function containerDifferences(before: Json, after: Json): readonly string[] {
  const [old, now] = [textOf(before, 'image'), textOf(after, 'image')];
  const image = old === now ? [] : [`image ${old} -> ${now}`];
  return [...image, ...listChanges(listOf(before, 'env'), listOf(after, 'env'))];
}

function listChanges(before: readonly Json[], after: readonly Json[]): readonly string[] {
  const old = new Map(before.map((entry) => [textOf(entry, 'name'), entry]));
  return after.flatMap((entry) => {
    const name = textOf(entry, 'name');
    const [was, is] = [old.get(name), kindOf(entry)];
    if (!was) return [`${is} ${name} added`];
    if (isDeepStrictEqual(was, entry)) return [];
    return kindOf(was) === is ? [`${is} ${name} changed`] : [`${name} becomes ${is === 'secret' ? 'a' : 'an'} ${is}`];
  });
}

function kindOf(entry: Json): string {
  return 'valueSource' in entry ? 'secret' : 'environment variable';
}
