import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Choice } from './list-cases.ts';
import { ROWS } from './rows.ts';

export interface Options extends Choice {
  /** Plays every n-th case only. */
  readonly every: number;
  /** Plays so many by chance; null: all. */
  readonly slice: number | null;
  readonly workers: number;
  /** Where steps run: absent: in the worker's own process. */
  readonly processes: 'pooled' | 'fresh' | null;
  /** All rows and kinds of the targets were played, each case or every n-th, so the figures are those of the document. */
  readonly isForDocument: boolean;
}

const USUAL_SLICE = 350;
const USUAL_WALKS = 10_000;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const FLAGS = {
  ...{ target: text, strategy: text, form: text, kind: text, at: text, variant: text, seed: text },
  ...{ every: text, walks: text, workers: text, slice: flag, pooled: flag, fresh: flag },
};

/** @throws Error for what is unknown. */
export function readOptions(given: readonly string[]): Options {
  const { values } = parseArgs({ args: [...given], options: FLAGS });
  const {
    target,
    strategy,
    form,
    kind,
    variant,
    at,
    seed = '1',
    slice = false,
    pooled = false,
    fresh = false,
  } = values;
  const rows = ROWS.filter(
    (row) =>
      (target === undefined || target.split(',').includes(row.target)) &&
      (strategy ?? row.strategy) === row.strategy &&
      // What repeats one case names its form only where that isn't the usual one.
      (form ?? (at === undefined ? row.form : 'latest')) === row.form,
  );
  if (rows.length === 0) throw new Error('no row has that target, strategy and form');
  // Whole targets are no narrower than what the document says of each.
  const isFewWalks = values.walks !== undefined && Number(values.walks) < USUAL_WALKS;
  const narrowed = isFewWalks || [strategy, form, kind, at, variant].some((it) => it !== undefined);
  return {
    rows,
    kinds: kind === undefined ? [] : kind.split(','),
    at: at === undefined ? null : wholeNumber('at', at),
    variant: variant ?? null,
    every: wholeNumber('every', values.every ?? '1'),
    seed: seed === 'random' ? randomInt(2 ** 31) : wholeNumber('seed', seed),
    walks: at === undefined ? wholeNumber('walks', values.walks ?? String(USUAL_WALKS)) : Number(at) * ROWS.length,
    slice: slice ? USUAL_SLICE : null,
    workers: wholeNumber('workers', values.workers ?? '2'),
    processes: fresh ? 'fresh' : pooled ? 'pooled' : null,
    isForDocument: !narrowed && !slice && !pooled && !fresh,
  };
}

function wholeNumber(name: string, given: string): number {
  if (!/^\d+$/.test(given)) throw new Error(`--${name} takes a whole number, not ${given}`);
  return Number(given);
}
