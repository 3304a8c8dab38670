import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, test } from '@jest/globals';
import { runSmokeTests } from '../../../../src/engine/smoke-tests/run-smoke-tests.ts';
import { parseSmokeTests } from '../../../../src/inputs/smoke-tests.ts';
import type { Http } from '../../../../src/io/http.ts';
import { neverAborted } from '../../../../src/io/signals.ts';
import type { ConnectionOptions } from '../../../../src/model/endpoint.ts';
import { answer, closeServices, openService, openWorld, type ReceivedRequest, steppingClock } from './world.ts';

afterEach(closeServices);

const TOKEN = 'Bearer endpoint-token-123456';
const withToken = (service: { url: string }, base = '') => ({
  endpoint: { url: service.url + base, headers: async () => ({ Authorization: TOKEN }) },
});

describe('what is sent', () => {
  it('is the path below the base URL, with the headers of the endpoint and of the test', async () => {
    const service = await openService(answer(200));
    await openWorld().run('- GET /v1/x?q=1: {headers: {X-Api-Key: abc}}', withToken(service, '/base/'));
    expect(service.received[0]).toMatchObject({ method: 'GET', path: '/base/v1/x?q=1' });
    expect(service.received[0]!.headers).toMatchObject({
      'user-agent': 'deploy-agent',
      accept: '*/*',
      authorization: TOKEN,
      'x-api-key': 'abc',
    });
  });

  it("never leaves the endpoint's host through a path", async () => {
    const service = await openService(answer(200));
    const other = await openService(answer(200));
    await openWorld().run(`- GET //${new URL(other.url).host}/x`, withToken(service));
    expect(service.received).toHaveLength(1);
    expect(other.received).toHaveLength(0);
  });

  it("keeps the endpoint's headers from a full URL somewhere else", async () => {
    const service = await openService(answer(200));
    const other = await openService(answer(200));
    const [result] = await openWorld().run(`- GET ${other.url}/full: {headers: {x-own: mine}}`, withToken(service));
    expect(result!.passed).toBe(true);
    expect(other.received[0]!.headers['authorization']).toBeUndefined();
    expect(other.received[0]!.headers['x-own']).toBe('mine');
  });

  test.each(['X-Forwarded-Host', 'authorization'])(
    'is nothing where a test has the header %s, which its address would not pass on',
    async (header) => {
      const service = await openService(answer(200));
      const reservedHeaders = ['authorization', 'x-forwarded-host'];
      const endpoint = { ...withToken(service).endpoint, reservedHeaders };
      const [result] = await openWorld().run(`- GET /: {headers: {${header}: s3cr3t}}`, { endpoint });
      expect(result).toMatchObject({
        passed: false,
        detail: expect.stringContaining(`the header ${header.toLowerCase()}`),
      });
      expect(result!.detail).not.toContain('s3cr3t');
      expect(service.received).toEqual([]);
    },
  );

  it('is such a header too when the full URL of another address is requested', async () => {
    const [service, other] = [await openService(answer(200)), await openService(answer(200))];
    const endpoint = { ...withToken(service).endpoint, reservedHeaders: ['authorization'] };
    await openWorld().run(`- GET ${other.url}/: {headers: {Authorization: mine}}`, { endpoint });
    expect(other.received[0]!.headers.authorization).toBe('mine');
  });

  it('goes through the connection of the endpoint, and of no other origin', async () => {
    const world = openWorld();
    const seen: (ConnectionOptions | undefined)[] = [];
    const send: Http['send'] = (request) => {
      seen.push(request.tls);
      return world.io.http.send(request);
    };
    const [service, other] = [await openService(answer(200)), await openService(answer(200))];
    const endpoint = { ...withToken(service).endpoint, connection: { serverName: 'api.example' } };
    const tests = parseSmokeTests(`- GET /\n- GET ${other.url}/`, { readFile: () => null });
    const io = { ...world.io, http: { ...world.io.http, send } };
    const run = { tests, endpoint, revision: 'r', image: 'i', deadline: io.clock.now() + 60_000, signal: neverAborted };
    await runSmokeTests(run, io);
    expect(seen).toEqual([{ serverName: 'api.example' }, undefined]);
  });

  test.each([
    ['{body: hello}', 'text/plain; charset=utf-8', 'hello'],
    ['{json-body: {a: [1, null]}}', 'application/json', '{"a":[1,null]}'],
    [
      '{body: "a=1", headers: {Content-Type: application/x-www-form-urlencoded}}',
      'application/x-www-form-urlencoded',
      'a=1',
    ],
  ])('a body %s arrives whole and with its type', async (options, type, body) => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const service = await openService(answer(200));
      await openWorld().run(`- ${method} /x: ${options}`, withToken(service));
      const [received] = service.received;
      expect(received!.headers['content-type']).toBe(type);
      expect(received!.headers['content-length']).toBe(String(body.length));
      expect(received!.body.toString()).toBe(body);
    }
  });
});

describe('an upload', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'smoke-upload-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('arrives as multipart/form-data, byte for byte, on every attempt', async () => {
    const content = randomBytes(300_000);
    writeFileSync(path.join(folder, 'cat.jpg'), content);
    let turn = 0;
    const service = await openService((_request, response) => response.writeHead(turn++ === 0 ? 503 : 200).end());
    const world = openWorld({ env: { GITHUB_WORKSPACE: folder } });
    const [result] = await world.run('- POST /predict: {file: cat.jpg, file-field: image}', withToken(service));
    expect(result).toMatchObject({ passed: true, attempts: 2 });
    for (const received of service.received) {
      const file = (await formOf(received)).get('image') as File;
      expect([file.name, file.type]).toEqual(['cat.jpg', 'image/jpeg']);
      expect(sha256(Buffer.from(await file.arrayBuffer()))).toBe(sha256(content));
    }
  });

  it('of a file that is not there fails at once', async () => {
    const service = await openService(answer(200));
    const world = openWorld({ env: { GITHUB_WORKSPACE: folder } });
    const [result] = await world.run('- POST /predict: {file: gone.jpg}', withToken(service));
    expect(result).toMatchObject({
      passed: false,
      attempts: 1,
      detail: expect.stringContaining('could not read the file gone.jpg: ENOENT'),
    });
    expect(service.received).toHaveLength(0);
  });

  async function formOf(request: ReceivedRequest): Promise<FormData> {
    const headers = { 'content-type': request.headers['content-type']! };
    return await new Response(new Uint8Array(request.body), { headers }).formData();
  }
});

describe('a redirect', () => {
  it('within the origin is followed with headers', async () => {
    const service = await openService((request, response) => {
      if (request.path === '/old') response.writeHead(302, { location: '/new?x=1' }).end();
      else response.writeHead(200).end('here');
    });
    const [result] = await openWorld().run('- GET /old: {contains: here}', withToken(service));
    expect(result!.passed).toBe(true);
    expect(service.received[1]).toMatchObject({ path: '/new?x=1' });
    expect(service.received[1]!.headers['authorization']).toBe(TOKEN);
  });

  it('to another origin is not followed unless that is allowed', async () => {
    const other = await openService(answer(200));
    const service = await openService(answer(302, '', { location: `${other.url}/?token=secret` }));
    const [result] = await openWorld().run('- GET /x: {retry-for: 0s}', withToken(service));
    expect(result!.passed).toBe(false);
    expect(result!.detail).toContain(`to another origin (${other.url}) is not followed`);
    expect(result!.detail).not.toContain('secret');
    expect(other.received).toHaveLength(0);
  });

  it('to another origin takes no header of ours along, not even when it leads back to the first origin', async () => {
    let home = '';
    const other = await openService((_request, response) => response.writeHead(307, { location: `${home}/end` }).end());
    const service = await openService((request, response) => {
      if (request.path === '/end') response.writeHead(200).end('end');
      else response.writeHead(307, { location: `${other.url}/there` }).end();
    });
    home = service.url;
    const yaml = '- GET /x: {cross-origin-redirects: true, contains: end, headers: {x-api-key: abcdef, cookie: a=b}}';
    const [result] = await openWorld().run(yaml, withToken(service));
    expect(result!.passed).toBe(true);
    expect(service.received[0]!.headers['x-api-key']).toBe('abcdef');
    for (const received of [other.received[0]!, service.received[1]!]) {
      expect(Object.keys(received.headers).sort()).toEqual(['accept', 'connection', 'host', 'user-agent']);
      expect(received.headers['user-agent']).toBe('deploy-agent');
    }
  });

  it('inside of another origin takes no header of ours along either', async () => {
    const other = await openService((request, response) => {
      if (request.path === '/b') response.writeHead(200).end();
      else response.writeHead(302, { location: '/b' }).end();
    });
    const service = await openService(answer(302, '', { location: `${other.url}/a` }));
    const yaml = '- GET /x: {cross-origin-redirects: true, headers: {x-api-key: abcdef}}';
    await openWorld().run(yaml, withToken(service));
    expect(other.received.map((request) => request.path)).toEqual(['/a', '/b']);
    for (const { headers } of other.received) {
      expect([headers['x-api-key'], headers['authorization']]).toEqual([undefined, undefined]);
    }
  });

  it('never takes the body to another origin', async () => {
    const other = await openService(answer(200));
    const service = await openService(answer(307, '', { location: other.url }));
    const yaml = '- POST /x: {body: private, cross-origin-redirects: true, retry-for: 0s}';
    const [result] = await openWorld().run(yaml, withToken(service));
    expect(result).toMatchObject({ passed: false });
    expect(result!.detail).toContain('with the body to another origin');
    expect(other.received).toHaveLength(0);
  });

  test.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'data'],
    [308, 'POST', 'data'],
  ])('with %i of a POST goes on as %s with the body "%s"', async (status, method, body) => {
    const service = await openService((request, response) => {
      if (request.path === '/a') response.writeHead(status, { location: '/b' }).end();
      else response.writeHead(200).end();
    });
    await openWorld().run('- POST /a: {body: data}', withToken(service));
    const last = service.received.at(-1)!;
    expect([last.path, last.method, last.body.toString()]).toEqual(['/b', method, body]);
    expect(last.headers['content-type'] !== undefined).toBe(body !== '');
  });

  it('is what is looked at when a redirect is expected', async () => {
    const service = await openService(answer(302, '', { location: 'https://elsewhere.invalid/login' }));
    const yaml = '- GET /private: {status: 302, header: {location: /login}}';
    expect(await openWorld().run(yaml, withToken(service))).toMatchObject([{ passed: true }]);
  });

  it('in a circle ends after five', async () => {
    const service = await openService(answer(302, '', { location: '/x' }));
    const [result] = await openWorld().run('- GET /x: {retry-for: 0s}', withToken(service));
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining('more than 5') });
    expect(service.received).toHaveLength(6);
  });

  it('to a metadata service is refused for good, wherever redirects may go', async () => {
    const service = await openService(answer(302, '', { location: 'http://169.254.169.254/latest/meta-data/' }));
    const [result] = await openWorld().run('- GET /x: {cross-origin-redirects: true}', withToken(service));
    expect(result).toMatchObject({ passed: false, attempts: 1 });
    expect(result!.detail).toContain('could not request 169.254.169.254');
  });
});

it('a name is resolved by the lookup that refuses forbidden addresses', async () => {
  const world = openWorld();
  const { http } = world.io;
  // DNS that rebinds: whatever name is asked for, the answer is the metadata service.
  const send: typeof http.send = (request) =>
    http.send({ ...request, lookup: (_name, options, done) => request.lookup!('169.254.169.254', options, done) });
  Object.assign(world.io, { http: { ...http, send } });
  const [result] = await world.run('- GET http://rebound.invalid/');
  expect(result).toMatchObject({ passed: false, attempts: 1 });
  expect(result!.detail).toContain('could not request 169.254.169.254');
});

describe('what is expected', () => {
  test.each([
    ['{status: 204}', answer(204), true, /^204 in/],
    ['{status: 200}', answer(201), false, /^expected status 200, got 201 with an empty body$/],
    [
      '{status: 200}',
      answer(503, 'down\nfor\u001b[31m\u0007 now'),
      false,
      /^expected status 200, got 503: "down for \[31m now"$/,
    ],
    ['{contains: label}', answer(200, 'a label'), true, /^200/],
    ['{contains: label}', answer(200, 'nothing'), false, /^expected the body to contain "label", got "nothing"$/],
    ['{header: {Content-Type: json}}', answer(200, '', { 'content-type': 'application/json' }), true, /^200/],
    [
      '{header: {content-type: json}}',
      answer(200, '', { 'content-type': 'text/html' }),
      false,
      /content-type with "json", got "text\/html"$/,
    ],
    ['{header: {x-version: "2"}}', answer(200), false, /^expected header x-version with "2", got no such header$/],
    ['{json: {label: cat}}', answer(200, '{"label":"cat","score":1}'), true, /^200/],
    ['{json: {label: cat}}', answer(200, '{"label":"dog"}'), false, /^\$\.label: expected "cat", got "dog"$/],
    ['{json: {label: cat}}', answer(200, '<html>'), false, /^expected JSON, got "<html>"$/],
    ['{json: {label: cat}}', answer(200), false, /^expected JSON, got an empty body$/],
  ])('%s', async (options, reply, passed, detail) => {
    const service = await openService(reply);
    const [result] = await openWorld().run(
      `- GET /x: ${options.replace(/}$/, ', retry-for: 0s}')}`,
      withToken(service),
    );
    expect(result!.detail).toMatch(detail);
    expect(result!.passed).toBe(passed);
  });

  it('within counts until the last byte', async () => {
    const clock = steppingClock();
    const service = await openService((_request, response) => {
      response.writeHead(200).write('first');
      clock.advance(3_000);
      response.end('last');
    });
    const [result] = await openWorld({ clock }).run('- GET /x: {within: 2s, retry-for: 0s}', withToken(service));
    expect(result).toMatchObject({ passed: false, detail: 'expected the whole response within 2s, it took 3s' });
  });

  it('the first MiB of an endless body is looked at, and the rest is not waited for', async () => {
    const service = await openService((_request, response) => {
      response.writeHead(200).write(`needle${' '.repeat(2_000_000)}`);
    });
    const world = openWorld();
    expect(await world.run('- GET /x: {contains: needle}', withToken(service))).toMatchObject([{ passed: true }]);
    const [json] = await world.run('- GET /x: {json: {a: 1}, retry-for: 0s}', withToken(service));
    expect(json!.detail).toBe('expected JSON of at most 1 MiB, got a longer body');
  });

  it('a body that stops half-way is not waited for beyond the time there is', async () => {
    const service = await openService((_request, response) => void response.writeHead(200).write('half'));
    const world = openWorld();
    const [result] = await world.run('- GET /x', { ...withToken(service), deadline: world.io.clock.now() + 50 });
    expect(result).toMatchObject({ passed: false });
    expect(result!.detail).toContain('it did not end within 50 ms');
  });

  it('a connection that breaks off is a failure that is tried again', async () => {
    let turn = 0;
    const service = await openService((_request, response) => {
      if (turn++ === 0) response.socket?.destroy();
      else response.end('ok');
    });
    expect(await openWorld().run('- GET /x', withToken(service))).toMatchObject([{ passed: true, attempts: 2 }]);
  });
});

it('values that we sent are not quoted from a page that repeats them', async () => {
  const service = await openService((request, response) => {
    response.writeHead(500, { 'x-echo': String(request.headers['x-api-key']) });
    response.end(`${'x'.repeat(185)} ${JSON.stringify(request.headers)} ${request.path}`);
  });
  const world = openWorld();
  for (const wanted of ['status: 200', 'header: {x-echo: other}, status: 500', 'contains: zzz, status: 500']) {
    const yaml = `- GET /x?token=query-secret-9: {headers: {x-api-key: 'key"with-quote-7'}, retry-for: 0s, ${wanted}}`;
    const results = await world.run(yaml, withToken(service));
    const shown = JSON.stringify(results) + world.printed.join('\n');
    expect(results[0]!.passed).toBe(false);
    for (const secret of ['with-quote-7', 'key"', 'endpoint-token', 'query-secret-9'])
      expect(shown).not.toContain(secret);
  }
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
