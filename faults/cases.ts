import type { ProcessPool } from '../simulators/process-pool/process-pool.ts';
import type { Recordings } from './recording.ts';
import type { Row } from './rows.ts';

/** One disturbance of one row, by which it can be repeated: plain JSON. */
export interface Case {
  readonly row: Row;
  /** Name of a `Kind`. */
  readonly kind: string;
  /** Which call is hit, from 1; of a random walk: its number. */
  readonly at: number;
  /** What is done there, as the kind names it: `good/reset-after`. */
  readonly variant: string;
  readonly seed: number;
}

export interface Verdict {
  /** What was promised and not kept, one sentence each. */
  readonly violations: readonly string[];
  /** How it ended, for the table: `deployed`. */
  readonly ending: string;
  /** Lines of the log that explain a violation. */
  readonly evidence: readonly string[];
}

export interface Play {
  readonly case: Case;
  readonly recordings: Recordings;
  /** null: a new process for every step. */
  readonly pool: ProcessPool | null;
}

/** One kind of disturbance. */
export interface Kind {
  readonly name: string;
  /** All of a row, without seed. */
  list(row: Row, recordings: Recordings): readonly Pick<Case, 'at' | 'variant'>[];
  /** @throws Error where the simulation itself breaks. */
  play(play: Play): Promise<Verdict>;
}

/** What repeats it. */
export function commandFor({ row, kind, at, variant, seed }: Case): string {
  const { target, strategy, form } = row;
  const parts = { target, strategy, ...(form === 'latest' ? {} : { form }), kind, variant, at, seed };
  const flags = Object.entries(parts).map(([name, value]) => `--${name} ${value}`);
  return `npm run faults -- ${flags.join(' ')}`;
}
