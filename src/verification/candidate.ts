import { visible } from '../model/visible.ts';

/** Something that may be a signature of an image. Nothing of it is known to be true. */
export interface Candidate {
  /** Where it was found: `referrer sha256:…`. */
  readonly found: string;
  /** A Sigstore bundle, in its JSON. */
  readonly bundle: unknown;
  /** The message that is signed; null: the bundle contains it. */
  readonly message: Buffer | null;
}

/** What looked like a signature and can't be one. */
export interface Unusable {
  readonly found: string;
  /** Completes "it …" in a list: `is longer than 4 MiB`. */
  readonly problem: string;
}

export type Found = Candidate | Unusable;

export function isCandidate(found: Found): found is Candidate {
  return 'bundle' in found;
}

/** Text that a signature brought, in one line that can be printed. */
export function quoteForeign(text: string): string {
  const line = visible(text).replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
