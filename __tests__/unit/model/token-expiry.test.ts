import { describe, expect, test } from '@jest/globals';
import { readTokenExpiry } from '../../../src/model/token-expiry.ts';

describe('readTokenExpiry', () => {
  test('the claim `exp` is seconds, the answer milliseconds', () => {
    expect(readTokenExpiry(jwt({ exp: 1_790_000_000 }))).toBe(1_790_000_000_000);
  });

  test.each(['', 'opaque', 'a.b.c', jwt({}), jwt({ exp: null }), jwt(null)])('%p does not say', (token) => {
    expect(readTokenExpiry(token)).toBe(0);
  });
});

function jwt(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}
