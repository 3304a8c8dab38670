import { describe, expect, it, test } from '@jest/globals';
import { parseSmokeTests } from '../../../src/inputs/smoke-tests.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { SmokeTest } from '../../../src/model/smoke-test.ts';

const NOT_A_MAP = 'expected text, got what YAML reads as a map or a list; put it in single quotes';

const FILES: Readonly<Record<string, string>> = {
  'tests/cat.jpg': 'cat',
  'smoke.sh': 'curl',
  'tests/smoke.yml': '- GET /from-file',
  'tests/broken.yaml': '- GET /a\n- GETT /b',
};
const MIB_64 = 64 * 1024 * 1024;
const sizeOf = (path: string): number | null => {
  if (path.includes('.venv')) throw new DeployError('INPUT_INVALID', 'it is outside of the workspace');
  return { 'tests/long.bin': MIB_64 + 1, 'tests/most.bin': MIB_64 }[path] ?? FILES[path]?.length ?? null;
};
const parse = (text: string): readonly SmokeTest[] =>
  parseSmokeTests(text, { readFile: (path) => FILES[path] ?? null, size: sizeOf });

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
  expect: { status: null, headers: new Map(), contains: null, matches: null, not: null, json: null, withinMs: null },
  passes: 1,
  retryForMs: 60_000,
  followAnywhere: false,
  isHttp2: false,
  networks: 'any',
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
          retry-for: 90s, passes: 3, cross-origin-redirects: true, http2: true }`;
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
          matches: null,
          not: null,
          json: { label: 'cat' },
          withinMs: 2_000,
        },
        passes: 3,
        retryForMs: 90_000,
        followAnywhere: true,
        isHttp2: true,
        networks: 'any',
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
        passedVariables: [],
      },
      {
        kind: 'command',
        name: 'my check',
        script: 'true',
        timeoutMs: 90_000,
        passes: 2,
        retryForMs: 10_000,
        passedVariables: [],
      },
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

  it('ask `size` for uploads where it is given', () => {
    const asked: string[] = [];
    const size = (path: string): number => asked.push(path);
    parseSmokeTests('- POST /x: {file: big.bin}', { readFile: () => null, size });
    expect(asked).toEqual(['big.bin']);
  });
});

test.each([
  'POST /x: {file: tests/most.bin}',
  'run: ./smoke.sh --fast',
  'run: sh smoke.sh | tail',
  'run: .venv/bin/python -m pytest',
  'run: python -m pytest tests',
  'run: node --test tests/a.js',
  'run: node ./dist/server',
  'run: bash -c "tests/none.sh"',
  'run: cd tests && ./none.sh',
  'run: ../tools/none.sh',
  'run: $HOME/none.sh',
  'run: /usr/local/bin/none',
  'run: npx none',
])('%s names no file that has to be there and is not', (entry) => {
  expect(parse(`- ${entry}`)).toHaveLength(1);
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
    ['- GET /x: {status: 99}', /status: expected a status from 200 to 599/],
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
    ['- GET /x: {status: 101}', /status: expected a status from 200 to 599/],
    ['- HEAD /x: {contains: a}', /contains: the response to HEAD has no body/],
    ['- HEAD /x: {json: {a: 1}}', /json: the response to HEAD has no body/],
    ['- HEAD /x: {not: error}', /not: the response to HEAD has no body/],
    ['- DELETE /x: {status: 204, contains: a}', /contains: a response with the status 204 has no body/],
    ['- GET /x: {status: 304, not: a}', /not: a response with the status 304 has no body/],
    ['- POST /x: {file: tests/long.bin}', /file: tests\/long.bin has 67\.1 MB; expected a file of at most 64 MiB/],
    ['- POST /x: {body-file: tests/long.bin}', /body-file: tests\/long.bin has .*at most 64 MiB/],
    ['- GET http://169.254.169.254/latest', /metadata service, which is never called/],
    ['- GET http://metadata.google.internal/x', /metadata service, which is never called/],
    ['- GET http://[fd00:ec2::254]/x', /metadata service, which is never called/],
    ['- run: ./missing.sh --fast', /run: there is no file .\/missing.sh; check the path/],
    ['- run: bash ./missing.sh', /run: there is no file .\/missing.sh; check the path/],
    ['- run: bash tests/missing.sh', /run: there is no file tests\/missing.sh; check the path/],
    ['- run: tests/missing.sh --fast', /run: there is no file tests\/missing.sh; check the path/],
    ['- run: "python3 tests/missing.py && true"', /run: there is no file tests\/missing.py; check the path/],
    ['- GET /a - GET /b', /several entries on one line.*`smoke-tests: \|`/],
    ['- GET /a - run: ls', /several entries on one line/],
    ['- POST /x: {body-file: tests/dog.jpg}', /body-file: there is no file tests\/dog.jpg/],
    ['- POST /x: {body-file: tests/cat.jpg, body: a}', /expected only one of body, body-file/],
    ['- GET /x: {matches: "a("}', /matches: expected a regular expression/],
    ['- GET /x: {not: ""}', /not: expected text that must not be there/],
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
      'smoke-tests[0]: expected `METHOD /path`, `METHOD https://host/path`, `run: command`, `grpc: health` or `websocket: /path`',
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

describe('a smoke test in the cluster', () => {
  it('says so, and in which image', () => {
    const text =
      '- GET /a: { in-cluster: true }\n- run: x\n  in-cluster: true\n  image: busybox:1.37\n- run: y\n  in-cluster: false';
    expect(parse(text).map(({ inside }) => inside)).toEqual([
      { image: null },
      { image: 'docker.io/library/busybox:1.37' },
      undefined,
    ]);
  });

  it.each([
    ['- GET /a: { image: busybox }', 'image: expected `in-cluster: true` beside it'],
    ['- run: x\n  image: busybox', 'image: expected `in-cluster: true` beside it'],
    ['- GET /a: { in-cluster: true, image: Busy Box }', 'image: "Busy Box" is not an image reference'],
    ['- GET /a: { in-cluster: true, http2: true }', 'http2: expected false with `in-cluster: true`'],
    ['- { grpc: health, in-cluster: true }', 'in-cluster: expected false'],
    ['- { websocket: /, in-cluster: true }', 'in-cluster: expected false'],
    ['- GET /a: { in-cluster: yes please }', 'in-cluster: expected true or false'],
    ['- POST /a: { body: {"text": "hi"} }', `body: ${NOT_A_MAP}, or write \`json-body\` instead`],
    ['- GET /a: { contains: {"ok": true} }', `contains: ${NOT_A_MAP}, or write \`json\` instead`],
    ['- GET /a: { not: [error] }', `not: ${NOT_A_MAP}`],
    ['- GET /a: { headers: { x: [y] } }', `headers.x: ${NOT_A_MAP}`],
    ['- POST /a: { body: 5 }', 'body: expected text; put numbers, true and false in quotes'],
    ['- GET /a: { in-cluster: true, cross-origin-redirects: true }', 'cross-origin-redirects: expected false with'],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(problem)]);
  });
});

test.each([
  'C:\\x.yml',
  'C:/tests/x.yaml',
  '.\\tests\\x.yml',
  'D:\\a\\agent\\agent\\x.yml',
  '\\\\server\\share\\x.yml',
  '/work/x.yml',
])('%s is the path of a file', (file) => {
  expect(() => parseSmokeTests(file, { readFile: () => null })).toThrow(`there is no file ${file}`);
  expect(parseSmokeTests(file, { readFile: (name) => (name === file ? '- GET /x' : null) })).toHaveLength(1);
});

describe('a smoke test of gRPC', () => {
  const grpc = { kind: 'grpc', location: '/', service: '', headers: new Map(), passes: 1, retryForMs: 60_000 };
  const anywhere = { withinMs: null, networks: 'any' };

  it('is of the server, or of one service at another address', () => {
    const full =
      '- { grpc: health, service: acme.v1.Agent, url: "https://agent.acme.dev:8443", headers: { A: b }, within: 1s, passes: 2, retry-for: 5s }';
    expect(parse(`- grpc: health\n${full}`)).toEqual([
      { ...grpc, ...anywhere, name: 'grpc: health' },
      {
        ...grpc,
        ...anywhere,
        name: 'grpc: health acme.v1.Agent',
        location: 'https://agent.acme.dev:8443',
        service: 'acme.v1.Agent',
        headers: new Map([['a', 'b']]),
        withinMs: 1_000,
        passes: 2,
        retryForMs: 5_000,
      },
    ]);
  });

  it.each([
    ['- grpc: acme.v1.Agent/Ask', 'grpc: expected `health`'],
    ['- grpcs: health', 'unknown key "grpcs": did you mean "grpc"?'],
    ['- { grpc: health, url: /x }', 'url: expected a full http or https URL'],
    ['- { grpc: health, url: agent:443 }', 'url: expected a path that begins'],
    ['- { grpc: health, url: "https://a.dev/x" }', 'url: expected a URL without a path'],
    ['- { grpc: health, url: "https://ada:s3cr3t@a.dev" }', 'url: expected a URL without credentials'],
    ['- { grpc: health, url: "http://169.254.169.254" }', 'url: this is a link-local address'],
    ['- { grpc: health, servce: a }', 'unknown key "servce": did you mean "service"?'],
    ['- { grpc: health, service: "a b" }', 'service: expected the name'],
    ['- { grpc: health, headers: { grpc-timeout: 1S } }', 'headers.grpc-timeout: this header is set by deploy-agent'],
    ['- { grpc: health, headers: { Content-Type: x } }', 'headers.Content-Type: this header is set by deploy-agent'],
    ['- { grpc: health, contains: a }', 'unknown key "contains"'],
  ])('is refused: %s', (text, problem) => {
    const problems = problemsOf(text);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join('')).not.toContain('s3cr3t');
  });
});

describe('a smoke test of a WebSocket', () => {
  it('has a path or a URL, a message to send and one to expect', () => {
    const options = 'send: { a: 1 }, json: { "[*]": 2 }, contains: x, matches: y, not: z, protocol: chat, within: 2s';
    expect(parse(`- websocket: /chat\n- { websocket: "wss://a.dev/chat?token=s3cr3t", ${options} }`)).toEqual([
      {
        kind: 'websocket',
        name: 'websocket: /chat',
        location: '/chat',
        headers: new Map(),
        protocol: null,
        message: null,
        expect: { contains: null, matches: null, not: null, json: null },
        withinMs: null,
        passes: 1,
        retryForMs: 60_000,
        networks: 'any',
      },
      {
        kind: 'websocket',
        name: 'websocket: wss://a.dev/chat?…',
        location: 'https://a.dev/chat?token=s3cr3t',
        headers: new Map(),
        protocol: 'chat',
        message: '{"a":1}',
        expect: { contains: 'x', matches: 'y', not: 'z', json: { '[*]': 2 } },
        withinMs: 2_000,
        passes: 1,
        retryForMs: 60_000,
        networks: 'any',
      },
    ]);
  });

  it.each([
    ['- websocket: chat', 'expected a path that begins with `/`, or a full ws or wss URL'],
    ['- websocket: 5', 'websocket: expected text'],
    ['- websockt: /chat', 'unknown key "websockt": did you mean "websocket"?'],
    ['- websocket: "ws://metadata.google.internal/x"', 'this is a link-local address'],
    ['- websocket: "wss://ada:s3cr3t@a.dev/"', 'expected a URL without credentials'],
    ['- { websocket: /, send: 5 }', 'send: expected text, or a map'],
    ['- { websocket: /, send: null }', 'send: expected text, or a map'],
    ['- { websocket: /, expect: a }', 'unknown key "expect": expected one of websocket, protocol, send'],
    ['- { websocket: /, protocol: "a b" }', 'protocol: expected the name'],
    [
      '- { websocket: /, headers: { Sec-WebSocket-Protocol: a } }',
      'headers.Sec-WebSocket-Protocol: this header is set',
    ],
    ['- { websocket: /, headers: { Upgrade: a } }', 'headers.Upgrade: this header is set'],
    ['- { websocket: /, status: 101 }', 'unknown key "status"'],
  ])('is refused: %s', (text, problem) => {
    const problems = problemsOf(text);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join('')).not.toContain('s3cr3t');
  });
});
