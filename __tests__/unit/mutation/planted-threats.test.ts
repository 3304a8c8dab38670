import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  keyOf,
  patternOf,
  plant,
  readPlantedThreats,
  readSeenRed,
  readThreats,
  testsOfThreats,
} from '../../../scripts/mutation/planted-threats.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const planted = readPlantedThreats();

describe('what `npm run mutate -- threats` plants', () => {
  test('has its place in the source, exactly once', () => {
    const lost = planted.flatMap(({ edits }) =>
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

  test('turns each test of the table of threats red, and no other', () => {
    const red = new Set(planted.flatMap((one) => one.red.map(keyOf)));
    expect([...red].sort()).toEqual(testsOfThreats(readThreats()).map(keyOf).sort());
  });

  test('was seen to turn tests red that are in the table', () => {
    const named = new Set(testsOfThreats(readThreats()).map(keyOf));
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
