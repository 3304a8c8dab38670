import { parseArgs } from 'node:util';
import type { Row } from './rows.ts';
import { ROWS } from './rows.ts';

export interface Options {
  readonly rows: readonly Row[];
  /** Names of kinds; empty: all. */
  readonly kinds: readonly string[];
  readonly at: number | null;
  /** Part of the variant's name. */
  readonly variant: string | null;
  /** Plays every n-th case only. */
  readonly every: number;
  readonly seed: number;
  readonly workers: number;
  readonly isFresh: boolean;
}

/** @throws Error for what is unknown. */
export function readOptions(given: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const options = { target: text, strategy: text, form: text, kind: text, at: text, variant: text, seed: text };
  const { values } = parseArgs({
    args: [...given],
    options: { ...options, every: text, workers: text, fresh: { type: 'boolean' } },
  });
  const { target, strategy, form, kind, variant } = values;
  const rows = ROWS.filter(
    (row) =>
      (target ?? row.target) === row.target &&
      (strategy ?? row.strategy) === row.strategy &&
      (form ?? (values.at === undefined ? row.form : 'latest')) === row.form,
  );
  if (rows.length === 0) throw new Error('no row has that target, strategy and form');
  return {
    rows,
    kinds: kind === undefined ? [] : kind.split(','),
    at: values.at === undefined ? null : wholeNumber('at', values.at),
    variant: variant ?? null,
    every: wholeNumber('every', values.every ?? '1'),
    seed: wholeNumber('seed', values.seed ?? '1'),
    workers: wholeNumber('workers', values.workers ?? '2'),
    isFresh: values.fresh ?? false,
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a whole number, not ${text}`);
  return Number(text);
}
