import { expect, test } from '@jest/globals';
import { mayStillArrive } from '../../../src/clouds/late-call.ts';

test.each([
  [0, true],
  [9_999, true],
  [10_000, false],
])('%i ms after the first look a lost call may still arrive: %p', (elapsedMs, expected) => {
  expect(mayStillArrive(elapsedMs)).toBe(expected);
});
