import { describe, expect, test } from '@jest/globals';
import { parseRetryAfter } from '../../../src/model/retry-after.ts';

const now = Date.UTC(2026, 0, 1, 12);
const at = (ms: number): string => new Date(now + ms).toUTCString();

describe('Retry-After', () => {
  test.each([
    ['seconds', '7', {}, 7_000],
    ['a date', at(7_000), {}, 7_000],
    ['a date of a server whose clock is an hour ahead', at(3_607_000), { date: at(3_600_000) }, 7_000],
    ['a date of a server whose clock is an hour behind', at(-3_593_000), { date: at(-3_600_000) }, 7_000],
    ['a date beside a date that is none', at(7_000), { date: 'today' }, 7_000],
    ['a date that has passed', at(-1_000), {}, null],
    ['zero', '0', {}, null],
    ['a word', 'soon', {}, null],
    ['nothing', undefined, {}, null],
  ])('%s', (_, header, { date }: { date?: string }, waitMs) => {
    expect(parseRetryAfter(header, now, date)).toBe(waitMs);
  });
});
