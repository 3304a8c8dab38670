import { cutMiddle } from '../model/cut-middle.ts';

export interface Limit {
  /** Of one text, or of the lines of one list together. */
  readonly characters: number;
  /** Of one list of anything else. */
  readonly items: number;
}

/** The same shape with each text and each list cut in the middle: how it began and how it ended says most. */
export function cutInside<T>(value: T, limit: Limit): T {
  if (typeof value === 'string') return cutMiddle(value, limit.characters) as T;
  if (Array.isArray(value)) return cutList(value, limit) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cutInside(member, limit)])) as T;
}

function cutList(list: readonly unknown[], limit: Limit): readonly unknown[] {
  if (list.length > 0 && list.every((member) => typeof member === 'string')) {
    return cutMiddle(list.join('\n'), limit.characters).split('\n');
  }
  const half = Math.ceil(limit.items / 2);
  const kept = list.length > 2 * half ? [...list.slice(0, half), ...list.slice(-half)] : list;
  return kept.map((member) => cutInside(member, limit));
}
