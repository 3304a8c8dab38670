import { describe, expect, test } from '@jest/globals';
import { harmless } from '../../../src/io/log.ts';

describe('a line of the log', () => {
  test.each([
    ['::error::planted', ': :error::planted'],
    ['  ::set-output name=x::y', '  : :set-output name=x::y'],
    ['fine\n::add-mask::a', 'fine\n: :add-mask::a'],
    ['fine\r::stop-commands::x', 'fine\n: :stop-commands::x'],
    ['a ##[error]b', 'a # #[error]b'],
    ['\u001b[31mred\u0007', '[31mred'],
    ['\u202eevil\u061c', 'evil'],
    ['a::b stays', 'a::b stays'],
  ])('%j cannot be taken for a command', (text, expected) => {
    expect(harmless(text)).toBe(expected);
  });
});
