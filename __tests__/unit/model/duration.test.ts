import { describe, expect, test } from '@jest/globals';
import { formatDuration, parseDuration } from '../../../src/model/duration.ts';
import { fc } from '../../fixtures/fast-check.ts';

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['0s', 0],
    ['', null],
    ['5', null],
    ['5x', null],
    ['-5s', null],
    ['1.5s', null],
    ['5 s', null],
    ['9999999999s', null],
  ])('%j is %s ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [0, '0 ms'],
    [420, '420 ms'],
    [1_500, '1.5s'],
    [2_000, '2s'],
    [20_400, '20s'],
    [90_000, '1m 30s'],
    [120_000, '2m'],
    [3_900_000, '1h 5m'],
    [7_200_000, '2h'],
  ])('%s ms is shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('of whole seconds that is shown without its spaces is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_599 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1_000).replace(' ', ''))).toBe(seconds * 1_000);
      }),
    );
  });
});
