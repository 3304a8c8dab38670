import { rankNearest } from '../model/nearest.ts';

const MOST = 3;
const SHORTEST_COMMIT = 7;

/**
 * Pure: the tags that were probably meant, the likeliest first, three at most. The usual cause is a commit that is
 * short here and full there, or that one of the two writes with `sha-` or `v` before it (docker/metadata-action).
 */
export function findNearestTags(wanted: string, tags: readonly string[]): readonly string[] {
  const bare = withoutPrefix(wanted);
  const same = tags.filter((tag) => withoutPrefix(tag) === bare);
  const cut = tags.filter((tag) => isCut(bare, withoutPrefix(tag)));
  return [...new Set([...same, ...cut, ...rankNearest(wanted, tags)])].filter((tag) => tag !== wanted).slice(0, MOST);
}

function withoutPrefix(tag: string): string {
  return tag.toLowerCase().replace(/^(?:sha-|v)(?=[0-9a-f])/, '');
}

/** Is one the beginning of the other, and long enough that this is no accident? */
function isCut(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= SHORTEST_COMMIT && short.length < long.length && long.startsWith(short);
}
