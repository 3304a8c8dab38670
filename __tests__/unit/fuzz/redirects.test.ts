import { describe, expect, test } from '@jest/globals';
import { planNextHop } from '../../../src/engine/smoke-tests/follow.ts';
import { isForbiddenAddress, isForbiddenHost } from '../../../src/io/address-guard.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { ensureSafeUrl } from '../../../src/registry/registry-address.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { anyText } from './attacks.ts';

const pieces = [
  'https:',
  'http:',
  '//',
  '/',
  '\\',
  '@',
  ':',
  '?',
  '#',
  'agent.acme.dev',
  'evil.test',
  '169.254.169.254',
  '..',
  '%2f',
];
const HOME = new URL('https://agent.acme.dev/a/b');

describe('any Location', () => {
  test('is followed with our headers only to the same origin, and never to http or with credentials', () => {
    fc.assert(
      fc.property(
        anyText(...pieces),
        fc.constantFrom(301, 302, 303, 307, 308),
        fc.boolean(),
        fc.boolean(),
        (location, status, hasBody, anywhere) => {
          const hop = { method: 'POST', url: HOME, isTrusted: true, hasBody };
          try {
            const next = planNextHop(hop, { status, location }, anywhere);
            const isHome = next.url.origin === HOME.origin;
            expect(next.url.protocol).toBe('https:');
            expect(next.url.username + next.url.password).toBe('');
            expect(next.isTrusted).toBe(isHome);
            expect(isHome || anywhere).toBe(true);
            expect(isHome || !next.hasBody).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(DeployError);
            expect(error).toMatchObject({ code: 'SMOKE_TEST_FAILED' });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('any address of a metadata service', () => {
  const last = fc.tuple(fc.nat(255), fc.nat(255));
  const forms = last.chain(([c, d]) => {
    const number = ((169 * 256 + 254) * 256 + c) * 256 + d;
    const hex = `a9fe:${(c * 256 + d).toString(16)}`;
    return fc.constantFrom(
      `http://169.254.${c}.${d}/`,
      `http://${number}/`,
      `http://0x${number.toString(16)}/`,
      `http://0251.0376.${c}.${d}/`,
      `http://169.254.${c * 256 + d}/`,
      `http://[::ffff:${hex}]/`,
      `http://[64:ff9b::${hex}]/`,
      `http://user@169.254.${c}.${d}:80/`,
    );
  });

  test('in any notation is refused, for smoke tests and for registries', () => {
    fc.assert(
      fc.property(forms, (text) => {
        const url = new URL(text);
        expect(isForbiddenHost(url)).toBe(true);
        expect(() => ensureSafeUrl(url, 'ghcr.io')).toThrow(DeployError);
      }),
      { numRuns: 200 },
    );
  });

  test('is told from any text and any other address', () => {
    fc.assert(
      fc.property(fc.oneof(anyText('.', ':', '%'), fc.ipV4(), fc.ipV6()), (address) => {
        expect(typeof isForbiddenAddress(address)).toBe('boolean');
      }),
      { numRuns: 200 },
    );
  });
});
