import { expect, it, test } from '@jest/globals';
import { asWritten } from '../../../../src/engine/smoke-tests/excerpt.ts';
import { findJsonMismatch } from '../../../../src/engine/smoke-tests/json-mismatch.ts';
import { fc } from '../../../fixtures/fast-check.ts';

const find = (expected: unknown, actual: unknown) => findJsonMismatch(expected, actual, { path: '$', hide: asWritten });

test.each<[unknown, unknown, unknown]>([
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
  [{ 'items[*]': 'cat' }, { items: ['dog', 'cat'] }, null],
  [{ 'items[*]': { label: 'cat' } }, { items: [{ label: 'dog' }, { label: 'cat', score: 1 }] }, null],
  [{ 'items[*]': { 'tags[*]': 'x' } }, { items: [{ tags: [] }, { tags: ['y', 'x'] }] }, null],
  [{ 'rows[*][*]': 3 }, { rows: [[1], [2, 3]] }, null],
  [{ '[*]': { id: 2 } }, [{ id: 1 }, { id: 2 }], null],
  [[{ '[*]': 2 }], [[1, 2]], null],
  [{ 'items[*]': 'cat' }, { items: ['dog'] }, '$.items[*]: expected an item with "cat", got 1 item: ["dog"]'],
  [{ 'items[*]': 'cat' }, { items: [] }, '$.items[*]: expected an item with "cat", got 0 items: []'],
  [{ 'items[*]': { a: 1, b: 2 } }, { items: [{ a: 1 }, { b: 2 }] }, expect.stringContaining('expected an item with')],
  [{ 'items[*]': 'cat' }, { items: { cat: 'cat' } }, '$.items: expected an array, got {"cat":"cat"}'],
  [{ 'items[*]': 'cat' }, {}, '$.items: expected {"[*]":"cat"}, it is missing'],
  [{ '[*]': 1 }, 1, '$: expected an array, got 1'],
  // A service that really has such a name is compared by it, as before.
  [{ 'items[*]': 'cat' }, { 'items[*]': 'cat', items: [] }, null],
  [{ '[*]': 1 }, { '[*]': 1 }, null],
  [{ 'constructor[*]': {} }, {}, '$.constructor: expected {"[*]":{}}, it is missing'],
])('%j in %j: %s', (expected, actual, mismatch) => expect(find(expected, actual)).toEqual(mismatch));

it('any JSON is part of itself', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => find(value, JSON.parse(JSON.stringify(value))) === null));
});
