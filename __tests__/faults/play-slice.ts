import { expect } from '@jest/globals';
import { type Case, commandFor } from '../../faults/cases.ts';
import { chooseSlice, listCases } from '../../faults/list-cases.ts';
import { ROWS, type Row } from '../../faults/rows.ts';
import { openWorkers } from '../../faults/workers.ts';

const SEED = 1;
/** Of each target: about 20 seconds. */
const CASES = 180;

/** A part of `npm run faults` on one target, the same each time. */
export async function playSlice(target: Row['target']): Promise<void> {
  const workers = openWorkers(1, []);
  try {
    const rows = ROWS.filter((row) => row.target === target);
    const choice = { rows, kinds: [], at: null, variant: null, seed: SEED, walks: 1_000 };
    const cases = chooseSlice(await listCases((row) => workers.record(row), choice), CASES, SEED);
    const broken: string[] = [];
    const note = (played: Case, violations: readonly string[]): void => {
      if (violations.length > 0) broken.push(`${commandFor(played)}: ${violations.join(', ')}`);
    };
    await workers.playAll(cases, (played, { violations }) => note(played, violations));
    process.stdout.write(`${cases.length} disturbances of ${target}, ${broken.length} half-done\n`);
    expect(cases.length).toBeGreaterThan(CASES / 2);
    expect(broken).toEqual([]);
  } finally {
    workers.close();
  }
}
