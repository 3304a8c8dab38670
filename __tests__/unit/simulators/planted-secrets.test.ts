import { describe, expect, test } from '@jest/globals';
import { findLeaks, known, plant } from '../../../simulators/planted-secrets.ts';
import { FORMS } from '../../fixtures/value-forms.ts';

const secret = plant('a secret', { owners: /^api\.acme\.dev$/ });

describe('a planted secret', () => {
  test.each([
    ...FORMS,
    ['gzip-like noise around it', (value: string) => `\u0000\u0001${value}\u00ff`],
    ['hex in a URL', (value: string) => encodeURIComponent(Buffer.from(value).toString('hex'))],
    ['base64 in JSON', (value: string) => JSON.stringify({ a: Buffer.from(`x${value}`).toString('base64') })],
  ] as const)('is found: %s', (_, form) => {
    const places = [{ name: 'the log', text: `before ${form(secret.value)} after` }];
    expect(findLeaks([plant('another'), secret], places)).toEqual([
      expect.objectContaining({ secret: 'a secret', place: 'the log' }),
    ]);
  });

  test('is found in a request to anyone but its owner', () => {
    const places = ['api.acme.dev', 'api.acme.dev.evil.example'].map((host) => ({
      ...{ name: `a request to ${host}`, host },
      text: `authorization: Bearer ${secret.value}`,
    }));
    expect(findLeaks([secret], places)).toEqual([
      { secret: 'a secret', form: 'as it is', place: 'a request to api.acme.dev.evil.example' },
    ]);
  });

  test('is not found where it is not', () => {
    const text = 'before *** after, deadbeef, c2VjcmV0 %41%42 &#65; \\u0041 '.repeat(50);
    expect(findLeaks([secret, plant('another'), known('a token', 'ghs_0123456789')], [{ name: 'x', text }])).toEqual(
      [],
    );
  });
});
