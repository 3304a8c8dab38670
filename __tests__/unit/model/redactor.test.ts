import { describe, expect, test } from '@jest/globals';
import { openRedactor } from '../../../src/model/redact.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { base64, FORMS } from '../../fixtures/value-forms.ts';

const SECRET = 'pw"\\/+&%=<|`é7f3d2c1b~\'end';
const LINES = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----';

function redactorFor(...values: string[]) {
  const redactor = openRedactor();
  redactor.hide(values);
  return redactor;
}

describe('a value is taken out of a text', () => {
  test.each(FORMS)('%s', (_, form) => {
    const shown = redactorFor(SECRET).redact(`before ${form(SECRET)}`);
    expect(shown).toContain('***');
    expect(shown).toMatch(/^before /);
    // Neither half of it is left, in this form.
    for (const half of [SECRET.slice(0, 12), SECRET.slice(13)]) {
      expect(shown).not.toContain(half);
      expect(shown).not.toContain(form(half).slice(2, -4));
    }
  });

  test.each(FORMS.filter(([name]) => !name.startsWith('cut') && !name.startsWith('octal')))(
    'whatever the value and what is around it: %s',
    (_, form) => {
      const value = fc
        .string({ unit: 'grapheme', minLength: 12, maxLength: 40 })
        .filter((text) => /^\S.*\S$/.test(text));
      fc.assert(
        fc.property(value, (given) => {
          fc.pre(!/^[\d.,:+-]+$/.test(given) && given.isWellFormed() && !/[\p{Cc}\p{Cf}]/u.test(given));
          const shown = redactorFor(given).redact(`( ${form(given)} )`);
          expect(shown).toContain('***');
          expect(shown).not.toContain(given);
        }),
        { numRuns: 60 },
      );
    },
  );

  test('that has a replacement character in it, as bytes of Python', () => {
    const bytes = String.raw`b'\x70\x77\xef\xbf\xbd\x2d\x37\x66\x33\x64\x32\x63'`;
    expect(redactorFor('pw\ufffd-7f3d2c').redact(bytes)).toBe("b'***'");
  });

  test('of several lines: each line, and all of it without its line breaks', () => {
    const redactor = redactorFor(LINES);
    expect(redactor.redact(`at MIIEvQIBADANBgkq.`)).toBe('at ***.');
    expect(redactor.redact(JSON.stringify({ key: LINES }))).toBe('{"key":"***"}');
    expect(redactor.redact(LINES.replaceAll('\n', ''))).not.toContain('MIIE');
    expect(redactor.redact(base64(LINES))).not.toContain(base64(LINES).slice(8, 40));
  });

  test('as the host of an address, which has small letters only', () => {
    const { origin } = new URL('https://Kq7ZtWm2RbXc.example/x');
    expect(redactorFor('Kq7ZtWm2RbXc').redact(`to ${origin}`)).toBe('to https://***.example');
    // Short words in small letters are what a log consists of.
    expect(redactorFor('Running').redact('running')).toBe('running');
  });

  test('two values that overlap leave nothing of either', () => {
    expect(redactorFor('abcdef-ghi', 'ghi-jklmno').redact('abcdef-ghi-jklmno!')).toBe('***!');
  });

  test('where an escape begins before it, so that reading the escapes would take its first characters along', () => {
    expect(redactorFor('0 secret+').redact('%00%20secret%2B!')).toBe('%0***!');
    expect(redactorFor('u00e9"secret').redact(String.raw`\u00e9\"secret!`)).toBe(String.raw`\***!`);
  });

  test('twice, and beside what is no secret', () => {
    expect(redactorFor('hunter2hunter2').redact('a hunter2hunter2, hunter2hunter2 z')).toBe('a ***, *** z');
  });
});

describe('no secret is', () => {
  test.each([
    'true',
    'false',
    '8080',
    '3000',
    'prod',
    'production',
    'Production',
    'info',
    '127.0.0.1',
    '1.2.3',
    'abcde',
    '',
  ])('the ordinary value "%s"', (value) => {
    const text = `service ${value} in production on 8080: true, info`;
    expect(redactorFor(value).redact(text)).toBe(text);
  });

  test('a value that is a part of what may be printed', () => {
    const redactor = openRedactor(['agent-production', 'eu-west-1', 'ghcr.io/acme/agent:v2']);
    redactor.hide(['agent-production', 'eu-west-1', 'acme/agent', 'agent-production-key']);
    expect(redactor.redact('agent-production in eu-west-1')).toBe('agent-production in eu-west-1');
    expect(redactor.redact('key agent-production-key')).toBe('key ***');
  });

  test('the beginning of an address that another value has too', () => {
    const redactor = redactorFor('https://agent.acme.dev/callback?key=1');
    expect(redactor.redact('see https://agent.acme.dev')).toBe('see https://agent.acme.dev');
    expect(redactor.redact('https://agent.acme.dev/callback?key=1')).toBe('***');
  });
});

test('a text without a known value comes back as it is, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(openRedactor().redact(text)).toBe(text);
      expect(redactorFor('Zq8!Zq8!Zq8!Zq8!').redact(text)).toBe(text);
    }),
    { numRuns: 200 },
  );
});
