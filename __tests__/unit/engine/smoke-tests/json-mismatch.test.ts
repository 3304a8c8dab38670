import { expect, it, test } from '@jest/globals';
import { findJsonMismatch } from '../../../../src/engine/smoke-tests/json-mismatch.ts';
import { fc } from '../../../fixtures/fast-check.ts';

const find = (expected: unknown, actual: unknown) => findJsonMismatch(expected, actual, { path: '$', secrets: [] });

test.each<[unknown, unknown, string | null]>([
  [1, 1, null],
  [1, '1', '$: expected 1, got "1"'],
  ['a', 'b', '$: expected "a", got "b"'],
  [true, 1, '$: expected true, got 1'],
  [{}, { a: 1 }, null],
  [{}, [], '$: expected {}, got []'],
  [[], {}, '$: expected [], got {}'],
  [{ a: 1 }, null, '$: expected {"a":1}, got null'],
  [{ a: 1 }, { a: 1, b: 2 }, null],
  [{ a: 1, b: 2 }, { a: 1 }, '$.b: expected 2, it is missing'],
  [{ a: null }, { a: null }, null],
  [{ a: null }, {}, '$.a: expected null, it is missing'],
  [[1, 2], [1, 2, 3], null],
  [[1, 2], [2, 1], '$[0]: expected 1, got 2'],
  [[1, 2], [1], '$[1]: expected 2, it is missing'],
  [
    { items: [{ label: 'cat' }] },
    { items: [{ label: 'dog', score: 1 }] },
    '$.items[0].label: expected "cat", got "dog"',
  ],
  [{ 'odd key': { x: 1 } }, { 'odd key': { x: 2 } }, '$["odd key"].x: expected 1, got 2'],
  [{ constructor: {} }, {}, '$.constructor: expected {}, it is missing'],
  [{ length: 0 }, [], '$: expected {"length":0}, got []'],
])('%j in %j: %s', (expected, actual, mismatch) => expect(find(expected, actual)).toBe(mismatch));

it('any JSON is part of itself', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => find(value, JSON.parse(JSON.stringify(value))) === null));
});
