import { describe, expect, test } from '@jest/globals';
import { parseInputs } from '../../../src/inputs.ts';
import { memoryFiles } from '../../fixtures/fake-io.ts';

const least = { INPUT_TARGET: 'ecs', INPUT_IMAGE: 'ghcr.io/acme/agent:v1', INPUT_SERVICE: 'agent' };

/** The step with these variables, and with `.env` in its repository. */
function parse(variables: string, file: string | Buffer | null = null, more: Record<string, string> = {}) {
  const env = {
    ...least,
    'INPUT_ENVIRONMENT-VARIABLES': variables,
    ...(file === null ? {} : { 'INPUT_ENVIRONMENT-FILE': '.env' }),
    ...more,
  };
  const readInput = (name: string): Buffer => {
    if (name !== '.env' || file === null) throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return Buffer.from(file as string);
  };
  const { environment, removed } = parseInputs({ env, files: { ...memoryFiles(), readInput } });
  return { set: Object.fromEntries(environment), removed: [...removed] };
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

describe('a variable that is null', () => {
  test('is removed; the others are set', () => {
    expect(parse('A: 1\nOLD: null # as of v2\nB: "null"\nC: x\n')).toEqual({
      set: { A: '1', B: 'null', C: 'x' },
      removed: ['OLD'],
    });
    expect(parse('OLD: null')).toEqual({ set: {}, removed: ['OLD'] });
  });

  test.each(['A:', 'A: ~', 'A: Null', '{A: null}'])('in any other form is a mistake: %s', (text) => {
    expect(messageOf(() => parse(text))).toContain('A has no value');
  });

  test('keeps the places of the others in messages', () => {
    expect(messageOf(() => parse('OLD: null\nB: x #y'))).toContain('line 2, column 4: B: YAML takes what follows ` #`');
  });

  test('is not in the file either, and can be no secret', () => {
    expect(parse('OLD: null', 'OLD=1\nNEW=2')).toEqual({ set: { NEW: '2' }, removed: ['OLD'] });
    expect(messageOf(() => parse('DB: null', null, { INPUT_SECRETS: 'DB: db-password' }))).toContain('got DB, which');
  });
});

describe('lines', () => {
  test('are taken as they are', () => {
    expect(parse('A=1\nB= two  \n\nURL=https://x/?a=b#c\nQ="x y"\r\nEMPTY=').set).toEqual({
      A: '1',
      B: ' two  ',
      URL: 'https://x/?a=b#c',
      Q: '"x y"',
      EMPTY: '',
    });
  });

  test('that YAML joined to one are refused; a value that only looks so is written as a map', () => {
    expect(messageOf(() => parse('LOG=info MODE=fast\n'))).toContain('environment-variables: |');
    expect(parse('LOG: info MODE=fast').set).toEqual({ LOG: 'info MODE=fast' });
    expect(parse('JAVA_OPTS=-Xmx1g -DA=1').set).toEqual({ JAVA_OPTS: '-Xmx1g -DA=1' });
    expect(parse('A=b C=d\nE=f G=h').set).toEqual({ A: 'b C=d', E: 'f G=h' });
  });

  test('that are none are told by their number, never by what they hold', () => {
    const message = messageOf(() => parse('A=1\nhunter2\nB: hunter2\nA=hunter2'));
    expect(message).toContain('line 2: expected NAME=value');
    expect(message).toContain('line 3: expected NAME=value');
    expect(message).toContain('line 4: A is given twice');
    expect(message).not.toContain('hunter2');
  });
});

describe('a .env file', () => {
  test('is read with comments and quotes, and what the input says counts', () => {
    const file = '\ufeff# of the agent\nexport A=1\nB="two words"\n  # more\nC=\'$x "y"\'\nD=a=b\nE=from file\nF=\n';
    expect(parse('E: from input', file).set).toEqual({
      A: '1',
      B: 'two words',
      C: '$x "y"',
      D: 'a=b',
      E: 'from input',
      F: '',
    });
  });

  test.each([
    'A="hunter2',
    'A="a\\nhunter2"',
    'A=x #hunter2',
    'A=x#hunter2',
    'A=#hunter2',
    'A=$' + '{hunter2}',
    'A=x$hunter2',
    'A=`hunter2`',
    'A="$hunter2"',
  ])('with what tools read differently is refused: %s', (file) => {
    const message = messageOf(() => parse('', file));
    expect(message).toContain('line 1: A: tools read this value differently');
    expect(message).toContain('expected it in single quotes');
    expect(message).not.toContain('hunter2');
  });

  test.each([
    ["A='x#y$z`'", 'x#y$z`'],
    ['A=100$', '100$'],
    ['export\tA=1', '1'],
    ['A=\tx \t', 'x'],
    ['A=x\u00a0', 'x\u00a0'],
    ['A=x\u2028y', 'x\u2028y'],
  ])('of which nothing is lost: %j', (file, value) => {
    expect(parse('', file).set).toEqual({ A: value });
  });

  test('that is not there is a mistake', () => {
    const message = messageOf(() => parse('', null, { 'INPUT_ENVIRONMENT-FILE': 'missing.env' }));
    expect(message).toContain('environment-file: could not read the file missing.env: there is no such file');
  });
});

describe('a file in another encoding', () => {
  test.each([
    ['Latin-1', Buffer.from('A=caf\u00e9', 'latin1'), 'it has bytes that are not UTF-8'],
    ['UTF-16', Buffer.from('\ufeffA=1', 'utf16le'), 'it is UTF-16'],
    ['UTF-16, big endian', Buffer.from('\ufeffA=1', 'utf16le').swap16(), 'it is UTF-16'],
  ])('is refused: %s', (_, file, why) => {
    expect(messageOf(() => parse('', file))).toContain(`could not read the file .env: ${why}`);
  });

  test.each([
    ['a byte order mark', '\ufeff- GET /caf\u00e9\r\n', 'OK'],
    ['Latin-1', Buffer.from('- GET /: { contains: caf\u00e9 }', 'latin1'), 'it has bytes that are not UTF-8'],
    ['UTF-16', Buffer.from('\ufeff- GET /', 'utf16le'), 'it is UTF-16'],
  ])('smoke tests: %s', (_, file, says) => {
    const given = { 'INPUT_SMOKE-TESTS': 'smoke.yml' };
    const readInput = (): Buffer => Buffer.from(file as string);
    const read = (): string => {
      parseInputs({ env: { ...least, ...given }, files: { ...memoryFiles(), readInput } });
      throw new Error('OK');
    };
    expect(messageOf(read)).toContain(says);
  });
});

describe('secrets as lines, as other actions take them', () => {
  const read = (secrets: string) =>
    Object.fromEntries(parseInputs({ env: { ...least, INPUT_SECRETS: secrets }, files: memoryFiles() }).secrets);

  test('are references with their names; comments are left out', () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:password::';
    expect(read(`# of the database\nDB_PASSWORD=${arn} \nAPI_KEY=/acme/api-key\n`)).toEqual({
      DB_PASSWORD: arn,
      API_KEY: '/acme/api-key',
    });
  });

  test.each([
    ['DB=/acme/db,KEY=/acme/key', 'several variables are on one line'],
    ['A=/acme/a\nB: /acme/b', 'line 2: expected NAME=value'],
    ['A=/acme/a\nA=/acme/b', 'line 2: A is given twice'],
    ['A=', 'got nothing for A; expected a reference to a secret'],
  ])('%j is refused', (secrets, expected) => {
    expect(messageOf(() => read(secrets))).toContain(expected);
  });

  test('a value is refused there too, and is not repeated', () => {
    const message = messageOf(() => read('OPENAI_API_KEY=sk-proj-abcdefghijklmnopqrstuvwxyz0123456789'));
    expect(message).toContain('got a value for OPENAI_API_KEY; expected a reference');
    expect(message).not.toContain('sk-proj');
  });
});

describe('what GitHub makes of a list or a map is no value', () => {
  test.each([
    ['INPUT_TAGS', 'Array', 'tags: got Array, which is what GitHub makes of a list; expected text. Name one property'],
    ['INPUT_SERVICE', 'Object', 'service: got Object, which is what GitHub makes of a map; expected text.'],
    ['INPUT_ENVIRONMENT-VARIABLES', 'Object\n', 'environment-variables: got Object, which'],
    ['INPUT_CONTAINER', ' Array ', 'container: got Array, which'],
  ])('%s: %s', (name, value, expected) => {
    const env = { ...least, 'INPUT_COPY-TO': 'ghcr.io/acme/prod', [name]: value };
    expect(messageOf(() => parseInputs({ env, files: memoryFiles() }))).toContain(expected);
  });
});
