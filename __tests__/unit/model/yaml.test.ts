import { describe, expect, it, test } from '@jest/globals';
import { DeployError } from '../../../src/model/errors.ts';
import { parseExactMap, parseStringMap, parseYaml } from '../../../src/model/yaml.ts';
import { fc } from '../../fixtures/fast-check.ts';

const refusal = (parse: () => unknown): string => {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(DeployError);
    expect((error as DeployError).code).toBe('INPUT_INVALID');
    return (error as DeployError).message;
  }
  throw new Error('it was not refused');
};

const mapOf = (keys: number): string => Array.from({ length: keys }, (_, index) => `k${index}: v`).join('\n');

/** Of this process, so that what else runs on the machine does not count. */
function cpuMsOfReading(text: string): number {
  const before = process.cpuUsage();
  parseYaml(text, 'x');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('YAML', () => {
  test.each<[string, unknown]>([
    ['', null],
    ['- a\n- b: {c: 1}', ['a', { b: { c: 1 } }]],
    ['a: no\nb: yes\nc: on', { a: 'no', b: 'yes', c: 'on' }],
    ['1: x\ntrue: y', { '1': 'x', true: 'y' }],
    ['%YAML 1.1\n---\na: no', { a: 'no' }],
    ['<<: {a: 1}', { '<<': { a: 1 } }],
    ['a: &x [1, 2]\nb: *x', { a: [1, 2], b: [1, 2] }],
    ['a: 2026-01-01', { a: '2026-01-01' }],
  ])('%j is read by the core schema of YAML 1.2', (text, value) => expect(parseYaml(text, 'x')).toEqual(value));

  test.each([
    ['\ta: b', 1, 1, 'expected spaces'],
    ['a: 1\nb: [1, 2', 2, 9, 'expected'],
    ['a: 1\nb: c: d', 2, 4, 'second `: `'],
    ['a: 1\na: 2', 2, 1, 'each name once'],
    ['a:\n  b: 1\n  c: {d: 1, d: 2}', 3, 13, 'each name once'],
    ['a: 1\n---\nb: 2', 2, 1, 'only one'],
    ['a: !!js/function "x"', 1, 4, 'a custom tag'],
    ['a: !secret x', 1, 4, 'a custom tag'],
    ['a: !!binary aGk=', 1, 4, 'a custom tag'],
    ['a: *nope', 1, 4, 'alias without an anchor'],
    ['a: &x [*x]', 1, 8, 'no circle'],
    ['a: 1\n__proto__: {x: 1}', 2, 1, '__proto__ is reserved'],
    ['a: {constructor: {prototype: 1}}', 1, 5, 'constructor is reserved'],
    ['- "prototype": 1', 1, 3, 'prototype is reserved'],
    ['{[a]: b}', 1, 2, 'expected text'],
    [`${'- '.repeat(33)}x`, 1, 65, 'nested too deep'],
    [`a: "\\q"`, 1, 5, 'escape'],
  ])('%j is refused at its line and column', (text, line, column, expected) => {
    const message = refusal(() => parseYaml(text, 'smoke-tests'));
    expect(message).toMatch(/^could not read smoke-tests:/);
    expect(message).toContain(`line ${line}, column ${column}: `);
    expect(message).toContain(expected);
  });

  const laughs = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(5).fill(`*l${i}`).join(', ')}]`);

  test.each([
    ['aliases that multiply', `l0: &l0 [x, x]\n${laughs.join('\n')}`, 'its aliases grow too much'],
    ['deep brackets', '['.repeat(20_000), 'nested too deep'],
    ['deep maps', '{a: '.repeat(20_000), 'nested too deep'],
    ['deep lists', '- '.repeat(20_000), 'nested too deep'],
    ['many aliases', `x: &a 1\ny: [${'*a,'.repeat(8_000)}]`, 'too many aliases'],
    ['a long text', 'x'.repeat(256 * 1024 + 1), 'at most 256 KiB'],
  ])('%s are refused for what they are, in a short message', (_, bomb, expected) => {
    const message = refusal(() => parseYaml(bomb, 'x'));
    expect(message).toContain(expected);
    expect(message.length).toBeLessThan(500);
  });

  it('many keys are not compared with each other', () => {
    parseYaml(mapOf(4_000), 'x');
    const [few, many] = [4_000, 16_000].map((keys) => Math.min(...[1, 2, 3].map(() => cpuMsOfReading(mapOf(keys)))));
    // Four times as many keys take 3 to 5 times as long; compared with each other they took 20 times as long.
    expect(many! / few!).toBeLessThan(8);
  });

  it('a refusal quotes nothing of the text', () => {
    for (const text of [
      'a: 1\nTOKEN: "s3cr3t',
      'a\ns3cr3t: [',
      '- a\ns3cr3t: x',
      'a: *s3cr3t',
      's3cr3t: 1\ns3cr3t: 2',
    ]) {
      expect(refusal(() => parseYaml(text, 'x'))).not.toContain('s3cr3t');
    }
  });

  it('any text is either read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab:-[]{}*&!|>\'"#%@`,? \n\t\r\\0.~\u0000é') }), (text) => {
        try {
          parseYaml(text, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(DeployError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('any JSON is read as it is', () => {
    const isReserved = (value: unknown): boolean => /"(__proto__|constructor|prototype)":/.test(JSON.stringify(value));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        if (!isReserved(value))
          expect(parseYaml(JSON.stringify(value, null, 1), 'x')).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('a map of names to text', () => {
  it('keeps scalars exactly as they are written', () => {
    const text = [
      'VERSION: 1.10',
      'PORT: 0o17',
      'BIG: 12345678901234567890',
      'DEBUG: True',
      'COUNTRY: no',
      'QUOTED: "1.10"',
      "EMPTY: ''",
      'LINES: |\n  a\n  b',
      'FIRST: &x 1.50',
      'SECOND: *x',
      'app.log-level: info # why',
    ].join('\n');
    expect(Object.fromEntries(parseStringMap(text, 'environment-variables'))).toEqual({
      VERSION: '1.10',
      PORT: '0o17',
      BIG: '12345678901234567890',
      DEBUG: 'True',
      COUNTRY: 'no',
      QUOTED: '1.10',
      EMPTY: '',
      LINES: 'a\nb\n',
      FIRST: '1.50',
      SECOND: '1.50',
      'app.log-level': 'info',
    });
  });

  test.each(['', '\n', '# nothing yet', '{}', '~'])('%j has no entries', (text) => {
    expect(parseStringMap(text, 'secrets').size).toBe(0);
  });

  it('is refused with every problem at once, and without a value', () => {
    const message = refusal(() =>
      parseStringMap('A:\n9B: v4lue\nC: [v4lue]\nD: {a: v4lue}\nE: ok\nF=v4lue: x', 'secrets'),
    );
    expect(message.split('\n    - ')).toEqual([
      'could not read secrets:',
      expect.stringMatching(/^line 1, column 1: A has no value; expected text/),
      expect.stringMatching(/^line 2, column 1: expected a name/),
      expect.stringMatching(/^line 3, column 1: C has a list or map/),
      expect.stringMatching(/^line 4, column 1: D has a list or map/),
      expect.stringMatching(/^line 6, column 1: expected a name/),
    ]);
    expect(message).not.toContain('v4lue');
  });

  test.each(['A=b', '- A: b', 'just text', '[a]'])('%j is not one', (text) => {
    expect(refusal(() => parseStringMap(text, 'secrets'))).toBe(
      'could not read secrets: expected one `NAME: value` a line',
    );
  });

  it('keeps a name that means something to JavaScript out', () => {
    expect(refusal(() => parseStringMap('__proto__: x', 'secrets'))).toContain('reserved');
  });
});

describe('values that have to be as they are written', () => {
  const secret = (value: string): string => `OTHER: x\nTOKEN: ${value}\nLAST: y`;

  test.each([
    ['abc #def', 'takes what follows ` #` for a comment'],
    ['abc\t# def', 'takes what follows ` #` for a comment'],
    ['abc  ', 'drops the spaces at the end'],
    [' abc', 'drops the spaces at the beginning'],
    ['&abc def', 'takes `&` and what follows it for an anchor'],
    ['&abc\t|', 'takes `&` and what follows it for an anchor'],
    ['! |', 'takes `!` and what follows it for a tag'],
    ["!\t''", 'takes `!` and what follows it for a tag'],
    ['&abc "def"', 'takes `&` and what follows it for an anchor'],
    ['abc\n  def', 'joins the lines of the value'],
    ['"abc\n  def"', 'joins the lines of the value'],
    ['>\n  abc\n  def', 'joins the lines after `>`'],
    ['#abc', 'has no value'],
    ["'abc'def", 'expected'],
    ['abc: def', 'expected'],
    ['*abc', 'alias without an anchor'],
    ['!abc', 'custom tag'],
    ['[abc]', 'has a list or map'],
  ])('%j is refused, and not repeated', (value, why) => {
    const message = refusal(() => parseExactMap(secret(value), 'environment-variables'));
    expect(message).toContain(why);
    expect(message).not.toContain('def');
  });

  test('at the end of the input too', () => {
    expect(refusal(() => parseExactMap('TOKEN: abc  \n', 'x'))).toContain('TOKEN: YAML drops the spaces at the end');
    expect(refusal(() => parseExactMap('TOKEN: abc #def', 'x'))).toContain('secrets.NAME && toJSON(secrets.NAME)');
  });

  test('what that makes of a secret that does not exist is refused, and does not remove the variable', () => {
    expect(refusal(() => parseExactMap('TOKEN: ', 'x'))).toContain('TOKEN has no value');
  });

  test.each<[string, Record<string, string>]>([
    ['A: 1.10\nB: no\nC: 0x1F', { A: '1.10', B: 'no', C: '0x1F' }],
    ['# a comment\nA: x\n# another\nB: y', { A: 'x', B: 'y' }],
    ['A:    x\nLONG: y', { A: 'x', LONG: 'y' }],
    ['A: "x" # in quotes it is clear', { A: 'x' }],
    ['A: x#y', { A: 'x#y' }],
    ['A: |\n  x #y\n  z', { A: 'x #y\nz\n' }],
    ['A: |-\n  x\n  y  ', { A: 'x\ny  ' }],
    ['{ A: x, B: y }', { A: 'x', B: 'y' }],
    ['  A: x\n  B: y', { A: 'x', B: 'y' }],
    ['A: x\r\nB: y\r\n', { A: 'x', B: 'y' }],
  ])('%j is read', (text, expected) => {
    expect(Object.fromEntries(parseExactMap(text, 'x'))).toEqual(expected);
  });

  test('what toJSON makes of any value comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(parseExactMap(`TOKEN: ${JSON.stringify(value)}`, 'x').get('TOKEN')).toBe(value);
      }),
      { numRuns: 200 },
    );
  });

  test('what is read of any value of one line that is put in as it is, is that value', () => {
    const value = fc.string({ unit: fc.constantFrom(...'ab1 #:&*!|>\'"%@`{}[],-?\\\t~=') });
    fc.assert(
      fc.property(value, (given) => {
        let read: string | undefined;
        try {
          read = parseExactMap(`TOKEN: ${given}`, 'x').get('TOKEN');
        } catch {
          return;
        }
        // In quotes, or as a block, it is YAML that was meant: no one can tell it from a value.
        if (/^\s*["'|]/.test(given)) return;
        expect(read).toBe(given);
      }),
      { numRuns: 2_000 },
    );
  });
});
