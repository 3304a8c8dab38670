import type { Outcome } from '../model/outcome.ts';

/** What the platform sees wrong, where the failure doesn't say it already: a sentence of the platform is printed once. */
export function furtherCause({ failure, diagnosis }: Pick<Outcome, 'failure' | 'diagnosis'>): string | null {
  const cause = diagnosis?.cause ?? null;
  return cause === null || failure?.message.includes(cause) ? null : cause;
}
