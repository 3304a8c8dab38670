import path from 'node:path';
import { markdownTable } from '../bench/markdown-table.ts';
import { writeBetweenMarkers } from '../bench/write-between-markers.ts';
import { KINDS } from './kinds.ts';
import { ROWS, type Row, titleOf } from './rows.ts';
import type { Count, Tally } from './tally.ts';

const document = path.resolve(import.meta.dirname, '../docs/reliability.md');

/** Writes what was counted into docs/reliability.md. `every`: only every n-th case was played. */
export async function writeFigures(tally: Tally, every: number): Promise<void> {
  const kinds = KINDS.map(({ name }) => name);
  const cell = ({ played, broken }: Count): string =>
    broken === 0 ? String(played) : `${played} (${broken} half-done)`;
  const isPlayed = (row: Row): boolean => kinds.some((kind) => tally.count(row, kind).played > 0);
  const rows = ROWS.filter(isPlayed).map((row) => [titleOf(row), ...kinds.map((kind) => cell(tally.count(row, kind)))]);
  const sums = kinds.map((kind) => cell(tally.sum(kind)));
  const table = markdownTable([['', ...HEADS], ...rows, ['all', ...sums]]);
  const minutes = Math.ceil(tally.seconds / 60);
  const sample = every === 1 ? '' : ` A sample: every ${every}th case.`;
  const missing = new Set(ROWS.filter((row) => !isPlayed(row)).map(({ target }) => target));
  const rest = missing.size === 0 ? '' : ` Not played in this run: ${[...missing].join(', ')}.`;
  const closing = `${tally.played} disturbances, ${tally.broken} half-done; ${minutes} minutes on 2 cores.${sample}${rest}`;
  await writeBetweenMarkers(document, 'faults', `${table}\n\n${closing}`);
}

/** In the order of the kinds. */
const HEADS = ['failed calls', 'stopped runs', 'two runs', 'other users', 'random walks'];
