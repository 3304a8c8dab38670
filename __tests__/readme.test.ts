import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
// @ts-expect-error a build script in plain JavaScript
import { withFreshTables } from '../scripts/readme-tables.js';
// @ts-expect-error a build script in plain JavaScript
import { withFreshRecords } from '../scripts/record-tables.js';

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

describe('the tables of docs/conformance.md', () => {
  const page = read('docs/conformance.md');
  const readRecord = (file: string) => JSON.parse(read(`conformance/${file}`));

  test('are those of the records', () => {
    expect(withFreshRecords(page, readRecord)).toBe(page);
  });

  test('show what other programs make of each answer of a registry', () => {
    const { versions, results } = readRecord('registry-answers/peers.json');
    const rows: readonly { readonly when: string }[] = readRecord('registry-answers/rows.json');
    expect(Object.keys(results)).toEqual(rows.map(({ when }) => when));
    for (const { when } of rows) expect(Object.keys(results[when]).sort()).toEqual(Object.keys(versions).sort());
  });
});
