import { describe, expect, test } from '@jest/globals';
import {
  canonical,
  listAt,
  numberAt,
  objectAt,
  textAt,
  textsAt,
  tryParseJson,
  valueAt,
} from '../../../src/model/json.ts';

describe('tryParseJson', () => {
  test('text that is not JSON is undefined, which null is not', () => {
    expect(tryParseJson('{"a":')).toBeUndefined();
    expect(tryParseJson('')).toBeUndefined();
    expect(tryParseJson('null')).toBeNull();
    expect(tryParseJson('{"a":1}')).toEqual({ a: 1 });
  });
});

describe('the accessors', () => {
  const document = tryParseJson(
    '{"name":"agent","count":3,"size":"9007199254","inner":{"name":"x"},"list":[{"a":1},null,"b",[2]]}',
  );

  test('each answers what is there, at any depth', () => {
    expect(textAt(document, 'name')).toBe('agent');
    expect(textAt(document, 'inner', 'name')).toBe('x');
    expect(numberAt(document, 'count')).toBe(3);
    expect(numberAt(document, 'size')).toBe(9_007_199_254);
    expect(objectAt(document, 'inner')).toEqual({ name: 'x' });
    expect(listAt(document, 'list')).toEqual([{ a: 1 }]);
    expect(textsAt(document, 'list')).toEqual(['b']);
  });

  test.each([['absent'], ['inner'], ['list']])('what is not of its kind is empty: %s', (name) => {
    expect(textAt(document, name)).toBe('');
    expect(numberAt(document, name)).toBe(0);
    expect(numberAt(document, 'name')).toBe(0);
    expect(objectAt(document, 'name')).toEqual({});
    expect(listAt(document, 'name')).toEqual([]);
    expect(textsAt(document, 'name')).toEqual([]);
  });

  test.each([undefined, null, 'text', 7, [], [{ name: 'agent' }]])('nothing throws on %p', (other) => {
    expect(textAt(other, 'name', 'deeper')).toBe('');
    expect(objectAt(other, 'name')).toEqual({});
    expect(listAt(other, 'name')).toEqual([]);
  });

  test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])(
    '%s is found only where it was sent',
    (name) => {
      expect(valueAt({}, name)).toBeUndefined();
      expect(valueAt({}, name, 'name')).toBeUndefined();
      expect(textAt(tryParseJson(`{"${name}":"sent"}`), name)).toBe('sent');
    },
  );
});

describe('canonical', () => {
  test('the order of members makes no difference, that of a list does', () => {
    expect(canonical({ a: 1, b: { c: [1, 2], d: null } })).toBe(canonical({ b: { d: null, c: [1, 2] }, a: 1 }));
    expect(canonical([1, 2])).not.toBe(canonical([2, 1]));
    expect(canonical({ a: undefined })).toBe('{}');
  });
});
