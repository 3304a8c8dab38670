import type { Log } from '../../io/log.ts';
import { redact } from '../../model/redact.ts';

/** A foreign text without secrets. */
export type Hide = (text: string) => string;

/** Without `values`, and without all that the log hides: while its lines are whole, as white space is lost in an excerpt. */
export function hiding({ redact: hideKnown }: Pick<Log, 'redact'>, values: readonly string[]): Hide {
  return (text) => redact(hideKnown(text), values);
}

/** For words of our own. */
export const asWritten: Hide = (text) => text;

const LONGEST = 200;
/** Of white space and the like, which is shown as one space, there may be more. */
const SPACE_FACTOR = 20;
const LONGEST_SECRET = 16_384;

/** Text on one line, in quotes, cut short, without control characters. */
export function excerpt(text: string, hide: Hide, longest = LONGEST): string {
  // Redacted before it is cut: half a secret at the cut would not be found any more. What is far behind it isn't shown.
  const redacted = hide(text.slice(0, longest * SPACE_FACTOR + LONGEST_SECRET));
  const line = redacted
    .slice(0, longest * SPACE_FACTOR)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const characters = [...line];
  const isCut = characters.length > longest || redacted.length > longest * SPACE_FACTOR;
  return `"${characters.slice(0, longest).join('')}${isCut ? '…' : ''}"`;
}
