import { numberAt, tryParseJson } from './json.ts';

/** When a JWT expires, in milliseconds since 1970; 0 where it does not say. Its signature is not checked. */
export function readTokenExpiry(token: string): number {
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  return numberAt(tryParseJson(claims), 'exp') * 1_000;
}
