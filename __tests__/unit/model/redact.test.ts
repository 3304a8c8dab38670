import { describe, expect, test } from '@jest/globals';
import { redact } from '../../../src/model/redact.ts';

const secret = 'a"b/c d';

describe('a secret in a text', () => {
  test.each([
    ['as it is', `key ${secret}!`, 'key ***!'],
    ['in JSON', `{"key":${JSON.stringify(secret)}}`, '{"key":"***"}'],
    [
      'in JSON inside of JSON',
      JSON.stringify({ data: JSON.stringify({ key: secret }) }),
      '{"data":"{\\"key\\":\\"***\\"}"}',
    ],
    ['in a URL', `/?key=${encodeURIComponent(secret)}`, '/?key=***'],
    ['twice', `${secret}${secret}`, '******'],
    ['of half a surrogate pair', 'x\ud83dy', 'x***y'],
  ])('is taken out %s', (_, text, expected) => {
    expect(redact(text, [secret, '\ud83d'])).toBe(expected);
  });

  test('is taken out whole where another one is a part of it', () => {
    expect(redact('token-and-more', ['token', 'token-and-more'])).toBe('***');
  });

  test('that is empty changes nothing', () => {
    expect(redact('text', [''])).toBe('text');
  });
});
