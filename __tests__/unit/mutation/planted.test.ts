import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  keyOf,
  patternOf,
  plant,
  readPlanted,
  readSeenRed,
  TABLES,
  type TableName,
  testsOf,
} from '../../../scripts/mutation/planted.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const tables = Object.keys(TABLES) as TableName[];

describe('what `npm run mutate` plants', () => {
  test.each(tables)('has its place in the source, exactly once: %s', (table) => {
    const lost = readPlanted(table).flatMap(({ edits }) =>
      edits.flatMap((edit) => {
        try {
          plant(readFileSync(path.join(root, edit.file), 'utf8'), edit);
          return [];
        } catch (error) {
          return [(error as Error).message];
        }
      }),
    );
    expect(lost).toEqual([]);
  });

  test.each(tables)('turns each test of its table red, and no other: %s', (table) => {
    const red = new Set(readPlanted(table).flatMap((one) => one.red.map(keyOf)));
    expect([...red].sort()).toEqual(testsOf(table).map(keyOf).sort());
  });

  test('was seen to turn tests red that are in a table', () => {
    const named = new Set(tables.flatMap((table) => testsOf(table).map(keyOf)));
    expect(readSeenRed().filter((key) => !named.has(key))).toEqual([]);
  });

  test('is refused where the text is gone, is there twice, or stays as it is', () => {
    const edit = { file: 'a.ts', was: 'b', becomes: '' };
    expect(plant('abc', edit)).toBe('ac');
    expect(() => plant('ac', edit)).toThrow('a.ts has no place with: b');
    expect(() => plant('abcb', edit)).toThrow('a.ts has more than one place with: b');
    expect(() => plant('abc', { ...edit, becomes: 'b' })).toThrow();
  });

  test('is looked for under the names of rows too', () => {
    const pattern = new RegExp(`^${patternOf({ file: '', name: 'a `b` (%s) of $name: 1+1' })}$`);
    expect(pattern.test('a `b` (x y) of deploy-ecs: 1+1')).toBe(true);
    expect(pattern.test('a `b` x of deploy-ecs: 1+1')).toBe(false);
  });
});
