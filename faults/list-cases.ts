import type { Case } from './cases.ts';
import { KINDS } from './kinds.ts';
import { openRandom } from './random.ts';
import type { Recordings } from './recording.ts';
import { ROWS, type Row } from './rows.ts';

export interface Choice {
  readonly rows: readonly Row[];
  /** Names of kinds; empty: all. */
  readonly kinds: readonly string[];
  readonly at: number | null;
  /** Part of the variant's name. */
  readonly variant: string | null;
  readonly seed: number;
  /** Random walks on all rows together. */
  readonly walks: number;
}

/** Everything that can be done to these rows, in order. */
export async function listCases(
  record: (row: Row) => Promise<Recordings>,
  { rows, kinds, at, variant, seed, walks }: Choice,
): Promise<readonly Case[]> {
  const all: Case[] = [];
  for (const row of rows) {
    const recordings = await record(row);
    for (const { name, list } of KINDS) {
      if (kinds.length > 0 && !kinds.includes(name)) continue;
      const listed = name === 'walk' ? listWalks(row, walks) : list(row, recordings);
      all.push(...listed.map((one) => ({ row, kind: name, seed, ...one })));
    }
  }
  return all.filter((one) => (at ?? one.at) === one.at && (variant === null || one.variant.includes(variant)));
}

/** Each row has its share of all walks. */
function listWalks(row: Row, all: number): readonly Pick<Case, 'at' | 'variant'>[] {
  const count = row.form === 'copy' ? 0 : Math.ceil(all / ROWS.filter(({ form }) => form !== 'copy').length);
  return Array.from({ length: count }, (_, index) => ({ at: index + 1, variant: 'random' }));
}

/** As many of each row and kind, by chance: the same for the same seed. */
export function chooseSlice(cases: readonly Case[], count: number, seed: number): readonly Case[] {
  const groups = [...Map.groupBy(cases, ({ row, kind }) => `${JSON.stringify(row)} ${kind}`)];
  const each = Math.max(1, Math.round(count / groups.length));
  return groups.flatMap(([name, group]) => {
    const random = openRandom(seed, name);
    const rest = [...group];
    return Array.from({ length: Math.min(each, rest.length) }, () => rest.splice(random.below(rest.length), 1)[0]!);
  });
}
