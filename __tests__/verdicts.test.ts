import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
// @ts-expect-error a build script in plain JavaScript
import { testNames } from '../scripts/test-names.js';
// @ts-expect-error a build script in plain JavaScript
import { namedVerdictTests, withFreshVerdicts } from '../scripts/verdict-table.js';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const verdicts = read('docs/verdicts.yml');

test('the table of verdicts in docs/conformance.md is the one that `npm run readme` writes', () => {
  const page = read('docs/conformance.md');
  expect(withFreshVerdicts(page, verdicts, JSON.parse(read('scripts/mutation/seen-red.json')))).toBe(page);
});

test('it names tests that are there and run, and would name one that is not there', () => {
  expect(missingTests(verdicts)).toEqual([]);
  const renamed = verdicts.replace('the login page of Easy Auth is never a pass', 'the login page is a pass');
  expect(missingTests(renamed)).toEqual(['scenarios/container-apps-access.test.ts: the login page is a pass']);
});

test('a case that leaves a target out is an error', () => {
  expect(() => withFreshVerdicts(read('docs/conformance.md'), '- case: x\n  ecs: no\n', [])).toThrow(
    /all four targets/,
  );
});

function missingTests(yml: string): string[] {
  const named: readonly { file: string; name: string }[] = namedVerdictTests(yml);
  const missing = named.filter(({ file, name }) => {
    const place = path.join(root, '__tests__', file);
    return !existsSync(place) || !testNames(readFileSync(place, 'utf8')).includes(name);
  });
  return missing.map(({ file, name }) => `${file}: ${name}`);
}
