import { createHash } from 'node:crypto';

/** What is too long ends in a hash of the whole. */
export function shortName(text: string, most: number): string {
  if (text.length <= most) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${text.slice(0, most - 9)}-${hash}`;
}
