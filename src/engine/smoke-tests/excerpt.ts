import { redact } from '../../model/redact.ts';

const LONGEST = 200;

/** Foreign text on one line, in quotes, cut short, without control characters and without what is in `secrets`. */
export function excerpt(text: string, secrets: readonly string[], longest = LONGEST): string {
  // Redacted before it is cut: half a secret at the cut would not be found any more.
  const redacted = redact(text, secrets);
  const line = redacted
    .slice(0, longest * 20)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const characters = [...line];
  const isCut = characters.length > longest || redacted.length > longest * 20;
  return `"${characters.slice(0, longest).join('')}${isCut ? '…' : ''}"`;
}
