import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
// @ts-expect-error a build script in plain JavaScript
import { withFreshTables } from '../scripts/readme-tables.js';

const read = (file: string) => readFileSync(path.resolve(import.meta.dirname, '..', file), 'utf8');

test('the tables of inputs and outputs in the README are those of action.yml', () => {
  const readme = read('README.md');
  expect(withFreshTables(readme, read('action.yml'))).toBe(readme);
});

test('an input that is added to action.yml shows as a difference', () => {
  const grown = read('action.yml').replace(
    'outputs:\n',
    '  planted:\n    description: planted by a test\n\noutputs:\n',
  );
  expect(withFreshTables(read('README.md'), grown)).toContain('`planted`');
});
