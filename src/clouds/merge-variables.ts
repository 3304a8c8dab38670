import { type JsonObject, textAt } from '../model/json.ts';

/**
 * Variables and references are one list here: a name that changes from one to the other is replaced in place, and a new one
 * comes last. `isSame`: the entry has the requested value already, and is kept with the members that this version doesn't know.
 */
export function mergeVariables(
  current: readonly JsonObject[],
  requested: ReadonlyMap<string, JsonObject>,
  isSame: (entry: JsonObject, requested: JsonObject) => boolean,
): readonly JsonObject[] {
  const updated = current.map((entry) => {
    const replacement = requested.get(textAt(entry, 'name'));
    return replacement === undefined || isSame(entry, replacement) ? entry : replacement;
  });
  const names = new Set(current.map((entry) => textAt(entry, 'name')));
  const added = [...requested].filter(([name]) => !names.has(name)).map(([, entry]) => entry);
  return [...updated, ...added];
}
