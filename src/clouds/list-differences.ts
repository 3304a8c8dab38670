import { isDeepStrictEqual } from 'node:util';
import { type JsonObject, textAt } from '../model/json.ts';

// Differences of two containers or templates, one line each. Images are shown; of everything else only the name.

export function imageDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  const [old, now] = [textAt(before, 'image'), textAt(after, 'image')];
  return old === now ? [] : [`image ${old} -> ${now}`];
}

/** `kindOf`: what an entry is, for people: `environment variable`, `secret`. Of a name that is there twice the last counts. */
export function variableDifferences(
  before: readonly JsonObject[],
  after: readonly JsonObject[],
  kindOf: (entry: JsonObject) => string,
): readonly string[] {
  const [old, current] = [byName(before), byName(after)];
  const changed = [...current].flatMap(([name, entry]) => {
    const [previous, is] = [old.get(name), kindOf(entry)];
    if (!previous) return [`${is} ${name} added`];
    if (isDeepStrictEqual(previous, entry)) return [];
    return kindOf(previous) === is ? [`${is} ${name} changed`] : [`${name} becomes ${withArticle(is)}`];
  });
  const removed = [...old].filter(([name]) => !current.has(name));
  return [...changed, ...removed.map(([name, entry]) => `${kindOf(entry)} ${name} removed`)];
}

/** `normalize`: two values that mean the same become equal. */
export function memberDifferences(
  before: JsonObject,
  after: JsonObject,
  { except, normalize = (value) => value }: { except: ReadonlySet<string>; normalize?: (value: unknown) => unknown },
): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !except.has(name));
  const changed = names.filter((name) => !isDeepStrictEqual(normalize(before[name]), normalize(after[name])));
  return changed.sort().map((name) => `${name} changed`);
}

function byName(entries: readonly JsonObject[]): ReadonlyMap<string, JsonObject> {
  return new Map(entries.map((entry) => [textAt(entry, 'name'), entry]));
}

function withArticle(word: string): string {
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}
