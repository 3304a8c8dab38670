import { describe, expect, it, test } from '@jest/globals';
import { parseSmokeTests } from '../../../src/inputs/smoke-tests.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { SmokeTest } from '../../../src/model/smoke-test.ts';

const FILES: Readonly<Record<string, string>> = {
  'tests/cat.jpg': 'cat',
  'tests/smoke.yml': '- GET /from-file',
  'tests/broken.yaml': '- GET /a\n- GETT /b',
};
const parse = (text: string): readonly SmokeTest[] =>
  parseSmokeTests(text, { readFile: (path) => FILES[path] ?? null });

const problemsOf = (text: string): readonly string[] => {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DeployError);
    const { code, message } = error as DeployError;
    expect(code).toBe('INPUT_INVALID');
    return message
      .replace(/^could not read smoke-tests(?: \(.*?\))?:\s*/, '')
      .split(/\n? +- (?=smoke-tests\[)/)
      .map((line) => line.replace(/^- /, ''));
  }
  throw new Error('it was accepted');
};

const plain = {
  kind: 'http',
  method: 'GET',
  headers: new Map(),
  body: { kind: 'none' },
  expect: { status: null, headers: new Map(), contains: null, json: null, withinMs: null },
  passes: 1,
  retryForMs: 60_000,
  followAnywhere: false,
};

describe('smoke tests that are right', () => {
  it('have short forms', () => {
    expect(parse('- GET /health\n- HEAD /x:\n- GET https://agent.acme.dev/full')).toEqual([
      { ...plain, name: 'GET /health', location: '/health' },
      { ...plain, name: 'HEAD /x', method: 'HEAD', location: '/x' },
      { ...plain, name: 'GET https://agent.acme.dev/full', location: 'https://agent.acme.dev/full' },
    ]);
  });

  it('have every option', () => {
    const text = `
      - POST /predict: { headers: {X-Api-Key: abc}, file: tests/cat.jpg, file-field: image, contains: label,
          json: { label: cat }, within: 2s, status: 200, header: {Content-Type: application/json},
          retry-for: 90s, passes: 3, cross-origin-redirects: true }`;
    expect(parse(text)).toEqual([
      {
        kind: 'http',
        name: 'POST /predict',
        method: 'POST',
        location: '/predict',
        headers: new Map([['x-api-key', 'abc']]),
        body: { kind: 'file', path: 'tests/cat.jpg', field: 'image' },
        expect: {
          status: 200,
          headers: new Map([['content-type', 'application/json']]),
          contains: 'label',
          json: { label: 'cat' },
          withinMs: 2_000,
        },
        passes: 3,
        retryForMs: 90_000,
        followAnywhere: true,
      },
    ]);
  });

  test.each([
    ['{body: hello}', { kind: 'text', text: 'hello' }],
    ['{body: ""}', { kind: 'text', text: '' }],
    ['{json-body: {a: [1, null, x]}}', { kind: 'json', value: { a: [1, null, 'x'] } }],
    ['{json-body: null}', { kind: 'json', value: null }],
    ['{file: tests/cat.jpg}', { kind: 'file', path: 'tests/cat.jpg', field: 'file' }],
    ['{}', { kind: 'none' }],
  ])('send %s', (options, body) => expect(parse(`- POST /x: ${options}`)[0]).toMatchObject({ body }));

  it('can be commands', () => {
    const text =
      '- run: |\n    ./smoke.sh "$DEPLOY_URL"\n    echo done\n- {run: "true", name: my check, timeout: 90s, retry-for: 10s, passes: 2}';
    expect(parse(text)).toEqual([
      {
        kind: 'command',
        name: './smoke.sh "$DEPLOY_URL"',
        script: './smoke.sh "$DEPLOY_URL"\necho done\n',
        timeoutMs: 300_000,
        passes: 1,
        retryForMs: 0,
      },
      { kind: 'command', name: 'my check', script: 'true', timeoutMs: 90_000, passes: 2, retryForMs: 10_000 },
    ]);
  });

  it('can be in a file', () => {
    expect(parse('  tests/smoke.yml\n')).toMatchObject([{ name: 'GET /from-file' }]);
    expect(problemsOf('tests/broken.yaml')).toEqual(['smoke-tests[1] "GETT /b": unknown method: did you mean GET?']);
    expect(problemsOf('tests/gone.yml')).toEqual(['there is no file tests/gone.yml']);
  });

  test.each(['', '  \n', '[]', '# none yet'])('can be none: %j', (text) => expect(parse(text)).toEqual([]));

  it('keep what is in a query out of their names', () => {
    expect(parse('- GET /x?token=s3cr3t')[0]).toMatchObject({ name: 'GET /x?…', location: '/x?token=s3cr3t' });
  });

  it('ask `exists` for uploads where it is given', () => {
    const asked: string[] = [];
    const exists = (path: string): boolean => asked.push(path) > 0;
    parseSmokeTests('- POST /x: {file: big.bin}', { readFile: () => null, exists });
    expect(asked).toEqual(['big.bin']);
  });
});

describe('smoke tests that are wrong', () => {
  test.each([
    ['- get /x', 'smoke-tests[0] "get /x": unknown method: did you mean GET?'],
    ['- SUBSCRIBE /x', /expected one of GET, HEAD, POST/],
    ['- /health', /^smoke-tests\[0\] "\/health": expected `METHOD \/path`/],
    ['- GET health', /expected a path that begins with `\/`/],
    ['- GET ftp://x/', /http or https/],
    ['- GET /a b', /expected `METHOD \/path`/],
    [
      '- GET https://user:s3cr3t@host/',
      'smoke-tests[0] "GET https://…@host/": expected a URL without credentials; send them in `headers`',
    ],
    ['- GET /x: {statu: 200}', 'smoke-tests[0] "GET /x": unknown key "statu": did you mean "status"?'],
    ['- GET /x: {zzzzzz: 1}', /unknown key "zzzzzz": expected one of headers, body, json-body/],
    ['- GET /x: {status: 99}', /status: expected a status from 100 to 599/],
    ['- GET /x: {status: 200.5}', /status: expected/],
    ['- GET /x: {status: "200"}', /status: expected/],
    ['- GET /x: {passes: 0}', /passes: expected a whole number from 1 to 100/],
    ['- GET /x: {passes: 101}', /passes: expected/],
    ['- GET /x: {within: 2}', /within: expected a duration from 1ms to 10m/],
    ['- GET /x: {within: 0s}', /within: expected/],
    ['- GET /x: {within: 601s}', /within: expected/],
    ['- GET /x: {retry-for: 61m}', /retry-for: expected a duration from 0s to 1h/],
    ['- GET /x: {contains: 5}', /contains: expected text/],
    ['- GET /x: {json: null}', /json: expected a value/],
    ['- GET /x: {json: [.nan]}', /json: expected JSON/],
    ['- GET /x: {cross-origin-redirects: "yes"}', /expected true or false/],
    ['- GET /x: 200', /expected a map of options/],
    ['- GET /x: [a]', /expected a map of options/],
    ['- GET /x: {body: a}', /GET sends no body/],
    ['- POST /x: {body: a, json-body: 1}', /expected only one of body, json-body/],
    ['- POST /x: {file-field: a}', /file-field: expected `file` beside it/],
    ['- POST /x: {file: tests/dog.jpg}', /file: there is no file tests\/dog.jpg/],
    ['- GET /x: {headers: {Host: a}}', /headers.Host: this header is set by deploy-agent/],
    ['- GET /x: {headers: {content-length: "5"}}', /headers.content-length: this header/],
    ['- GET /x: {headers: {Transfer-Encoding: chunked}}', /headers.Transfer-Encoding: this header/],
    ['- GET /x: {headers: {"a b": c}}', /expected the name of a header/],
    ['- GET /x: {headers: {"a:": c}}', /expected the name of a header/],
    ['- GET /x: {headers: {a: "s3cr3t\\r\\nb: c"}}', /headers.a: expected one line/],
    ['- GET /x: {headers: {a: "\u20ac"}}', /headers.a: expected one line/],
    ['- GET /x: {headers: {a: 5}}', /headers.a: expected text/],
    ['- GET /x: {headers: {a: x, A: y}}', /headers.A: given twice/],
    ['- GET /x: {headers: [a]}', /headers: expected a map/],
    ['- rum: ls', 'smoke-tests[0]: unknown key "rum": did you mean "run"?'],
    [
      '- health: {status: 200}',
      'smoke-tests[0]: expected `METHOD /path`, `METHOD https://host/path` or `run: command`',
    ],
    ['- {rum: ls, timeout: 5s}', 'smoke-tests[0]: unknown key "rum": did you mean "run"?'],
    ['- {run: ls, timout: 5s}', 'smoke-tests[0] "ls": unknown key "timout": did you mean "timeout"?'],
    ['- run: ""', /run: expected a command/],
    ['- run: [a]', /run: expected text/],
    ['- {run: ls, timeout: 2h}', /timeout: expected a duration from 1s to 1h/],
    ['- {run: ls, name: "a\\nb"}', /name: expected one line/],
    ['- 5', /^smoke-tests\[0\]: expected/],
    ['- [GET /x]', /^smoke-tests\[0\]: expected/],
    ['GET /x', 'expected a list'],
    ['GET /x: {status: 200}', 'expected a list'],
    ['- GET /x: {status: 200', /^line \d+, column \d+: /],
  ])('%j', (text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toEqual([typeof expected === 'string' ? expected : expect.stringMatching(expected)]);
    expect(problems.join('')).not.toContain('s3cr3t');
  });

  it('are refused when there are more than a hundred', () => {
    expect(problemsOf('- GET /x\n'.repeat(101))).toEqual(['expected at most 100 tests, got 101']);
    expect(parse('- GET /x\n'.repeat(100))).toHaveLength(100);
  });

  it('that forgot to indent their options are told so', () => {
    expect(problemsOf('- GET /x:\n  status: 200')).toEqual([expect.stringContaining('indented by two more spaces')]);
  });

  it('are all reported at once', () => {
    const text =
      '- GET /ok\n- POST /a: {withn: 2s, status: 1, file: gone, headers: {Host: x, y: 1}}\n- gett /b\n- run: 5';
    expect(
      problemsOf(text)
        .map((problem) => problem.replace(/:.*/, ''))
        .sort(),
    ).toEqual([...Array(5).fill('smoke-tests[1] "POST /a"'), 'smoke-tests[2] "gett /b"', 'smoke-tests[3] "run"']);
  });
});
