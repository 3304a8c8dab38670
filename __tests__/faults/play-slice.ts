import { expect } from '@jest/globals';
import { commandFor } from '../../faults/cases.ts';
import { kindNamed } from '../../faults/kinds.ts';
import { chooseSlice, listCases } from '../../faults/list-cases.ts';
import { type Recordings, record } from '../../faults/recording.ts';
import { ROWS, type Row, titleOf } from '../../faults/rows.ts';
import { testWorker } from '../../simulators/test-worker.ts';

const SEED = 1;
/** Of each target. */
const CASES = 90;

/** A part of `npm run faults` on one target, the same each time. */
export async function playSlice(target: Row['target']): Promise<void> {
  const pool = testWorker()?.processPool ?? null;
  const known = new Map<string, Recordings>();
  const recordRow = async (row: Row): Promise<Recordings> => {
    const recordings = await record(row, pool);
    known.set(titleOf(row), recordings);
    return recordings;
  };
  const rows = ROWS.filter((row) => row.target === target);
  const all = await listCases(recordRow, { rows, kinds: [], at: null, variant: null, seed: SEED, walks: 1_000 });
  const chosen = chooseSlice(all, CASES, SEED);
  const broken: string[] = [];
  for (const one of chosen) {
    const recordings = known.get(titleOf(one.row))!;
    const { violations } = await kindNamed(one.kind).play({ case: one, recordings, pool });
    if (violations.length > 0) broken.push(`${commandFor(one)}: ${violations.join(', ')}`);
  }
  process.stdout.write(`${chosen.length} disturbances of ${target}, ${broken.length} half-done\n`);
  expect(broken).toEqual([]);
}
