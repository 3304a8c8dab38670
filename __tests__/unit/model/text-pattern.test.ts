import { describe, expect, test } from '@jest/globals';
import { matchesPattern } from '../../../src/model/text-pattern.ts';

describe('a pattern', () => {
  test.each([
    ['acme/agent', 'acme/agent', true],
    ['acme/agent', 'acme/agent2', false],
    ['acme/agent2', 'acme/agent', false],
    ['refs/tags/v*', 'refs/tags/v1.2', true],
    ['refs/tags/v*', 'refs/tags/v', true],
    ['refs/heads/*', 'refs/heads/a/b', false],
    ['refs/heads/**', 'refs/heads/a/b', true],
    ['**', '', true],
    ['*', 'a/b', false],
    ['a*b*c', 'a--b--b--c', true],
    ['a*b*c', 'a--b--b--', false],
    ['a.c', 'abc', false],
    ['(a+)+$', 'aaaa', false],
    ['😀*', '😀x', true],
    ['', '', true],
    ['', 'a', false],
  ])('%s and %s: %s', (pattern, text, fits) => expect(matchesPattern(text, pattern)).toBe(fits));

  test('takes no time that grows beyond the product of the lengths', () => {
    const startedAt = performance.now();
    expect(matchesPattern('a'.repeat(2_000), `${'*a'.repeat(500)}b`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
