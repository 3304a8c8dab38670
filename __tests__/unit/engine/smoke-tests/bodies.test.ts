import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { runSmokeTests } from '../../../../src/engine/smoke-tests/run-smoke-tests.ts';
import { searchPattern } from '../../../../src/engine/smoke-tests/search-pattern.ts';
import { parseSmokeTests } from '../../../../src/inputs/smoke-tests.ts';
import { neverAborted } from '../../../../src/io/signals.ts';
import { DeployError } from '../../../../src/model/errors.ts';
import { closeServices, openService, openWorld, systemClock } from './world.ts';

afterEach(closeServices);

async function run(yaml: string, headers: Record<string, string>, body: Buffer | string) {
  const service = await openService((_, response) => void response.writeHead(200, headers).end(body));
  const [result] = await openWorld().run(yaml, { endpoint: { url: service.url, headers: async () => ({}) } });
  return result!;
}

const JSON_BODY = JSON.stringify({ label: 'cat' });
const EXPECTS_CAT = '- GET /: {json: {label: cat}, retry-for: 0s}';

describe('a body that is packed', () => {
  test.each([
    ['gzip', gzipSync(JSON_BODY)],
    ['x-gzip', gzipSync(JSON_BODY)],
    ['deflate', deflateSync(JSON_BODY)],
    ['deflate', deflateRawSync(JSON_BODY)],
    ['br', brotliCompressSync(JSON_BODY)],
    ['zstd', zstdCompressSync(JSON_BODY)],
    ['gzip, br', brotliCompressSync(gzipSync(JSON_BODY))],
    ['identity', Buffer.from(JSON_BODY)],
  ])('with %s is unpacked', async (coding, bytes) => {
    expect(await run(EXPECTS_CAT, { 'content-encoding': coding }, bytes)).toMatchObject({ passed: true });
  });

  test.each(
    ['gzip', 'br', 'zstd', 'deflate', 'gzip, br'].flatMap((coding) => [
      ['HEAD', coding, 200],
      ['GET', coding, 200],
      ['GET', coding, 204],
      ['DELETE', coding, 205],
    ]),
  )('and is not there, as with %s, %s and %i, is empty', async (method, coding, status) => {
    const service = await openService((_, response) => {
      const length = method === 'HEAD' ? { 'content-length': '30' } : {};
      response.writeHead(Number(status), { 'content-encoding': String(coding), ...length }).end();
    });
    const yaml = `- ${method} /: {retry-for: 0s, within: 2s}`;
    const [result] = await openWorld().run(yaml, { endpoint: { url: service.url, headers: async () => ({}) } });
    expect(result).toMatchObject({ passed: true });
  });

  test('and cut fails, and is not taken for the whole', async () => {
    const cut = gzipSync(JSON_BODY).subarray(0, 20);
    const result = await run('- GET /: {retry-for: 0s}', { 'content-encoding': 'gzip' }, cut);
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining('could not read the response') });
  });

  test('is unpacked no further than a plain one is read', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const result = await run('- GET /: {contains: x, retry-for: 0s}', { 'content-encoding': 'gzip' }, bomb);
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining('the first 1 MiB of the body') });
  });
});

describe('text', () => {
  test.each([
    ['application/json', Buffer.from(`\ufeff${JSON_BODY}`)],
    ['application/json; charset=utf-16le', Buffer.from(JSON_BODY, 'utf16le')],
    ['application/json', Buffer.from(`\ufeff${JSON_BODY}`, 'utf16le')],
    ["application/json; charset='utf-16le'", Buffer.from(JSON_BODY, 'utf16le')],
    ['application/json; charset="UTF-16BE"', Buffer.from(JSON_BODY, 'utf16le').swap16()],
    ['application/json; charset=no-such', Buffer.from(JSON_BODY)],
  ])('of %s is read by its mark or its charset', async (type, bytes) => {
    expect(await run(EXPECTS_CAT, { 'content-type': type }, bytes)).toMatchObject({ passed: true });
  });

  test('in latin1 is read by its charset', async () => {
    const bytes = Buffer.from('Grüße', 'latin1');
    const yaml = '- GET /: {contains: Grüße, retry-for: 0s}';
    expect(await run(yaml, { 'content-type': 'text/plain; charset=iso-8859-1' }, bytes)).toMatchObject({
      passed: true,
    });
    expect(await run(yaml, { 'content-type': 'text/plain' }, bytes)).toMatchObject({ passed: false });
  });
});

describe('whole numbers of any length', () => {
  test.each([
    ['12345678901234567890', true],
    ['12345678901234567891', false],
    ['12345678901234567890.5', false],
  ])('are compared exactly: %s', async (sent, passed) => {
    const yaml = '- GET /: {json: {id: 12345678901234567890}, retry-for: 0s}';
    const result = await run(yaml, {}, `{"id": ${sent}}`);
    expect(result.passed).toBe(passed);
    if (!passed) expect(result.detail).toContain('$.id: expected 12345678901234567890, got');
  });

  test.each([
    ['1e20', '100000000000000000000', true],
    ['100000000000000000000', '1.0E+20', true],
    ['100000000000000000000', '100000000000000000000.00', true],
    ['1e20', '100000000000000000001', false],
    ['1.5e1', '15', true],
    ['9007199254740993', '9007199254740993.0', true],
    ['9007199254740993', '9007199254740992.0', false],
    ['1e-7', '0.0000001', true],
  ])('are the same in each form of JSON: %s and %s %s', async (expected, sent, passed) => {
    const result = await run(`- GET /: {json: {id: ${expected}}, retry-for: 0s}`, {}, `{"id": ${sent}}`);
    expect(result.passed).toBe(passed);
  });

  test('are sent exactly', async () => {
    const service = await openService((_, response) => void response.end());
    const yaml = '- POST /: {json-body: {id: 12345678901234567891}}';
    await openWorld().run(yaml, { endpoint: { url: service.url, headers: async () => ({}) } });
    expect(service.received[0]!.body.toString()).toBe('{"id":12345678901234567891}');
  });
});

describe('a stream that never ends', () => {
  async function runStream(yaml: string, type = 'text/event-stream') {
    const service = await openService((_, response) => {
      response.writeHead(200, { 'content-type': type });
      response.write('data: hel');
      const timer = setInterval(() => response.write('lo\n\n'), 10);
      response.on('close', () => clearInterval(timer));
    });
    const world = openWorld({ clock: systemClock });
    const startedAt = performance.now();
    const [result] = await world.run(yaml, { endpoint: { url: service.url, headers: async () => ({}) } });
    return { result: result!, ms: performance.now() - startedAt };
  }

  test.each([
    '- GET /: {retry-for: 0s}',
    '- GET /: {contains: hello, retry-for: 0s, within: 5s}',
    '- GET /: {matches: "data: h.*o", retry-for: 0s}',
  ])('passes as soon as what is expected has come: %s', async (yaml) => {
    const { result, ms } = await runStream(yaml);
    expect(result).toMatchObject({ passed: true });
    expect(ms).toBeLessThan(5_000);
  });

  test.each([
    'application/x-ndjson; charset=utf-8',
    'application/jsonlines',
    'application/json-seq',
    'application/stream+json',
  ])('is known by its type: %s', async (type) => {
    const { result } = await runStream('- GET /: {contains: hello, retry-for: 0s, within: 2s}', type);
    expect(result).toMatchObject({ passed: true });
  });

  test('fails where its first line has what must not occur', async () => {
    const { result } = await runStream('- GET /: {not: hello, retry-for: 0s}');
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining('not to contain "hello"') });
    expect(await runStream('- GET /: {not: error, retry-for: 0s}')).toMatchObject({ result: { passed: true } });
  });

  test('is no JSON, and what to look for instead is said', async () => {
    const { result } = await runStream('- GET /: {json: {status: ok}, retry-for: 0s, within: 100ms}');
    const detail = expect.stringContaining('got a stream that does not end: look for text in it, with `contains`');
    expect(result).toMatchObject({ passed: false, detail });
  });

  test('fails at its time-out where it does not come', async () => {
    const { result } = await runStream('- GET /: {contains: bye, retry-for: 0s, within: 100ms}');
    expect(result).toMatchObject({ passed: false });
  });
});

describe('what the body has to be', () => {
  test.each([
    ['matches: "v[0-9]+\\\\.[0-9]+"', true],
    ['matches: "^version"', true],
    ['matches: "^v[0-9]+$"', false],
    ['not: error', true],
    ['not: v1.2', false],
  ])('{%s}: %s', async (option, passed) => {
    expect(await run(`- GET /: {${option}, retry-for: 0s}`, {}, 'version v1.2')).toMatchObject({ passed });
  });

  test('a pattern that would take hours is given up', () => {
    expect(searchPattern('^(a+)+$', `${'a'.repeat(60)}b`)).toBe('slow');
  });
});

describe('cookies', () => {
  test('that a redirect sets are sent to where it leads, beside those of the test', async () => {
    const service = await openService((request, response) => {
      if (request.path !== '/login') return void response.end('in');
      const cookies = ['session=abc; Path=/; HttpOnly', 'old=1; Max-Age=0', 'mine=theirs'];
      response.writeHead(302, { location: '/home', 'set-cookie': cookies }).end();
    });
    const yaml = '- GET /login: {headers: {Cookie: "mine=own; other=x"}}';
    const [result] = await openWorld().run(yaml, { endpoint: { url: service.url, headers: async () => ({}) } });
    expect(result).toMatchObject({ passed: true });
    expect(service.received.map(({ headers }) => headers.cookie)).toEqual([
      'mine=own; other=x',
      'other=x; session=abc; mine=theirs',
    ]);
  });

  test.each([
    ['Thu, 01-Jan-1970 00:00:10 GMT', false],
    ['Thu, 01-Jan-70 00:00:00 GMT', false],
    [new Date(Date.now() - 86_400_000).toUTCString(), false],
    [new Date(Date.now() + 86_400_000).toUTCString(), true],
    ['no date', true],
  ])('that end at %s are kept: %s', async (expires, isKept) => {
    const service = await openService((request, response) => {
      if (request.path !== '/login') return void response.end('in');
      const cookies = ['one=1', `one=2; Expires=${expires}; Path=/`];
      response.writeHead(302, { location: '/home', 'set-cookie': cookies }).end();
    });
    const world = openWorld({ clock: systemClock });
    await world.run('- GET /login', { endpoint: { url: service.url, headers: async () => ({}) } });
    expect(service.received[1]!.headers.cookie).toBe(isKept ? 'one=2' : undefined);
  });

  test('never leave the origin, nor the test', async () => {
    const other = await openService((_, response) => void response.end('in'));
    const service = await openService((_, response) => {
      response.writeHead(302, { location: `${other.url}/x`, 'set-cookie': 'session=abc' }).end();
    });
    const yaml = '- GET /a: {cross-origin-redirects: true}\n- GET /b: {cross-origin-redirects: true}';
    await openWorld().run(yaml, { endpoint: { url: service.url, headers: async () => ({}) } });
    expect([...other.received, ...service.received].map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test('a file is sent as it is, with the type that its name says', async () => {
  const workspace = mkdtempSync(path.join(tmpdir(), 'body-file-'));
  try {
    const bytes = Buffer.from([0xff, 0xd8, 0xff, 0x00]);
    writeFileSync(path.join(workspace, 'cat.jpg'), bytes);
    const service = await openService((_, response) => void response.end());
    const endpoint = { url: service.url, headers: async () => ({}) };
    await openWorld({ env: { GITHUB_WORKSPACE: workspace } }).run('- POST /: {body-file: cat.jpg}', { endpoint });
    expect(service.received[0]!.body).toEqual(bytes);
    expect(service.received[0]!.headers).toMatchObject({ 'content-type': 'image/jpeg', 'content-length': '4' });
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
});

test.each([true, false])('a connection that only people can repair (%s) is tried once', async (isLasting) => {
  const world = openWorld();
  let sent = 0;
  const send = async (): Promise<never> => {
    sent += 1;
    throw new DeployError('NETWORK', 'could not reach agent.example: unknown authority', {
      hint: 'Trust it.',
      isLasting,
    });
  };
  const [test] = parseSmokeTests('- GET https://agent.example/: {retry-for: 1s}', { readFile: () => null });
  const run = { tests: [test!], endpoint: null, revision: 'agent:42', image: 'r.io/agent', signal: neverAborted };
  const io = { ...world.io, http: { ...world.io.http, send } };
  const [result] = await runSmokeTests({ ...run, deadline: io.clock.now() + 60_000 }, io);
  expect(result).toMatchObject({ passed: false, detail: expect.stringContaining('Trust it.') });
  expect(sent === 1).toBe(isLasting);
});
