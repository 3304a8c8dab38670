import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type Difference, findProblems, isDifferent } from '../../../conformance/verify/compare-answers.ts';
import type { Answered } from './beside-peers.ts';

const folder = path.resolve(import.meta.dirname, '../../../conformance/verify');
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const { answers } = JSON.parse(read('peers.json')) as { readonly answers: readonly Answered[] };
const differences = parse(read('differences.yml')) as readonly Difference[];
const different = answers.find(isDifferent)!;

describe('the verdicts of gh and cosign that are recorded', () => {
  test('are ours, or differences.yml says why', () => {
    expect(findProblems(answers, differences)).toEqual([]);
  });

  test('are a problem with an entry that is no difference any more', () => {
    const stale = { peer: 'gh', theirs: 'accepted', why: 'it was so', tests: ['an image that nobody signed'] };
    expect(findProblems(answers, [...differences, stale])).toEqual([
      'no difference any more in: an image that nobody signed',
    ]);
    const settled = answers.map((one) => (one.test === different.test ? { ...one, theirs: one.ours } : one));
    expect(findProblems(settled as readonly Answered[], differences)).toEqual([
      expect.stringContaining('no difference any more in: '),
    ]);
  });

  test('are a problem without the entry of a difference', () => {
    const others = differences.map((one) => ({
      ...one,
      tests: one.tests.filter((name) => !different.test.includes(name)),
    }));
    expect(findProblems(answers, others)).toContain(
      `${different.test}: ${different.ours}, ${different.peer}: ${different.theirs}`,
    );
  });
});
