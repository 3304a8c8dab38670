import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { openPaint } from '../../../src/io/paint.ts';
import { fc } from '../../fixtures/fast-check.ts';

const onGitHub = { GITHUB_ACTIONS: 'true' };

describe('colours of the log', () => {
  test.each([
    ['on GitHub', onGitHub, false, true],
    ['on a terminal', {}, true, true],
    ['in a file', {}, false, false],
    ['where NO_COLOR is set', { ...onGitHub, NO_COLOR: '1' }, true, false],
    ['where NO_COLOR is empty, which means nothing', { ...onGitHub, NO_COLOR: '' }, false, true],
  ])('%s', (_where, env, isTerminal, hasColours) => {
    expect(openPaint(env, isTerminal)('✓ GET /health: 200').includes('\u001b[32m')).toBe(hasColours);
  });

  test.each([
    '✗ GET /',
    '✅ Deployed a · 7s [deployed]',
    '↩️ Failed and rolled back',
    '  | text of a container',
    '█████░░░░░░░░░░░░░░░ 25% of the traffic',
  ])('%s has one, and ends it', (line) => {
    const painted = openPaint(onGitHub, false)(line);
    expect(painted).toContain('\u001b[');
    expect(painted.lastIndexOf('\u001b[0m')).toBe(painted.lastIndexOf('\u001b['));
  });

  test('they add codes to a line and change none of its text', () => {
    const paint = openPaint(onGitHub, false);
    const starts = fc.constantFrom('✓', '✗ ', '…', '⚠️', '  | ', '█░ 5', 'still waiting for ', '', '↩️');
    fc.assert(
      fc.property(starts, fc.string({ unit: 'grapheme' }), (start, rest) => {
        const line = `${start}${rest}`.replace(/\p{Cc}/gu, '');
        expect(stripVTControlCharacters(paint(line))).toBe(line);
      }),
    );
  });
});
