import { isScalar, type Pair } from 'yaml';
import type { Problem } from './yaml-safety.ts';

/**
 * What people put in by an expression, so that nothing in it has a meaning of its own. Of a secret that does not exist,
 * `toJSON` alone makes `null`, which removes the variable; this leaves nothing, which is refused.
 */
const AS_IT_IS = 'write the value as ${' + '{ secrets.NAME && toJSON(secrets.NAME) }}, or in quotes';

/**
 * Where YAML reads less than what is written: a secret that `NAME: ${{ secrets.X }}` puts into the text may hold ` #`, end in
 * spaces or have several lines, and would be deployed cut. No message quotes a value.
 * @param pairs of one map
 * @param text the whole document
 */
export function findDropped(pairs: readonly Pair[], text: string): readonly Problem[] {
  const written = pairs.flatMap((pair) => readWritten(pair, text) ?? []);
  const isAligned = new Set(written.map(({ column }) => column)).size === 1 && written.length > 1;
  return written.flatMap((value) => {
    const what = describeDropped(value, isAligned);
    return what ? [{ offset: value.offset, expected: `${value.name}: YAML ${what}; ${AS_IT_IS}` }] : [];
  });
}

interface Written {
  readonly name: string;
  readonly offset: number;
  /** Of the value's first character in its line. */
  readonly column: number;
  readonly type: string;
  /** As it stands in the text, quotes included. */
  readonly source: string;
  /** Between the colon and the value. */
  readonly before: string;
  /** Between the value and the end of its line. */
  readonly after: string;
}

function readWritten({ key, value }: Pair, text: string): Written | null {
  if (!isScalar(key) || !isScalar(value) || !key.range || !value.range) return null;
  const [start, end] = value.range;
  const lineEnd = /[\r\n]|$/.exec(text.slice(end))!.index + end;
  const colon = text.indexOf(':', key.range[1]);
  return {
    name: String(key.value),
    offset: start,
    column: start - (text.lastIndexOf('\n', start - 1) + 1),
    type: String(value.type),
    source: text.slice(start, end),
    before: text.slice(colon + 1, start),
    after: text.slice(end, lineEnd),
  };
}

/** null: it is read as it is written. */
function describeDropped({ type, source, before, after }: Written, isAligned: boolean): string | null {
  // First: what stands behind a tag or an anchor may be a value of any form, also an empty one (`&a |`).
  if (/^\s*!/.test(before)) return 'takes `!` and what follows it for a tag';
  if (/^\s*&/.test(before)) return 'takes `&` and what follows it for an anchor';
  if (type === 'BLOCK_FOLDED') return 'joins the lines after `>`';
  if (type === 'BLOCK_LITERAL') return null;
  if (/[\r\n]/.test(source)) return 'joins the lines of the value';
  if (type !== 'PLAIN') return null;
  if (/^\s+#/.test(after)) return 'takes what follows ` #` for a comment';
  if (/^[ \t]+$/.test(after)) return 'drops the spaces at the end';
  if (/[\r\n]/.test(before)) return 'drops the line break at the beginning';
  if (before.length > 1 && !isAligned) return 'drops the spaces at the beginning';
  return null;
}
