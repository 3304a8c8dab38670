import type { Outcome } from '../model/outcome.ts';

/** What the platform sees wrong, where the failure doesn't say it already: a sentence of the platform is printed once. */
export function furtherCause({ failure, diagnosis }: Pick<Outcome, 'failure' | 'diagnosis'>): string | null {
  const cause = diagnosis?.cause ?? null;
  // How often it was seen, in parentheses at the end, may have grown since.
  const sentence = cause?.replace(/ \([^()]*\)$/, '');
  return sentence === undefined || failure?.message.includes(sentence) ? null : cause;
}
