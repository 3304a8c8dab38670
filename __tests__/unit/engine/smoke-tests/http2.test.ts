import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Authority, createAuthority } from '../../../../simulators/edge/certificates.ts';
import { openEndpoint } from '../../../../src/model/endpoint.ts';
import { answer, closeServices, openService, openWorld } from './world.ts';

const closers: (() => void)[] = [];
let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority();
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await closeServices();
});

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
}

/** A server that takes HTTP/2 only. */
async function given(
  respond: (stream: http2.ServerHttp2Stream, seen: Seen) => void,
  { secure = false, isRead = true }: { readonly secure?: boolean; readonly isRead?: boolean } = {},
) {
  const identity = secure ? await authority.issue('agent.example') : {};
  const server = secure ? http2.createSecureServer({ ...identity, allowHTTP1: false }) : http2.createServer();
  const seen: Seen[] = [];
  const sessions: http2.ServerHttp2Session[] = [];
  server.on('session', (session: http2.ServerHttp2Session) => void sessions.push(session.on('error', () => {})));
  server.on('sessionError', () => {});
  server.on('stream', async (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const body = isRead ? Buffer.concat(await stream.toArray()).toString() : '';
    const request = { method: headers[':method'], path: headers[':path'], headers, body };
    seen.push(request);
    respond(stream, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = { ca: authority.certificatePem, serverName: 'agent.example' };
  return { seen, endpoint: secure ? { ...openEndpoint(url), connection } : openEndpoint(url) };
}

const hello = (stream: http2.ServerHttp2Stream): void => {
  stream.respond({ ':status': 200, 'content-type': 'application/json', 'content-encoding': 'gzip' });
  stream.end(gzipSync('{"hello":"world"}'));
};

describe.each([
  ['with TLS', true],
  ['without TLS', false],
])('a server that takes HTTP/2 only, %s', (_, secure) => {
  test('gets the request by HTTP/2, with its body and headers', async () => {
    const { seen, endpoint } = await given(hello, { secure });
    const yaml =
      '- POST /x?y=1: { http2: true, json-body: { a: 1 }, headers: { x-tenant: acme }, json: { hello: world } }';
    expect(await openWorld().run(yaml, { endpoint })).toMatchObject([{ passed: true, attempts: 1 }]);
    expect(seen).toMatchObject([{ method: 'POST', path: '/x?y=1', body: '{"a":1}', headers: { 'x-tenant': 'acme' } }]);
  });
});

describe('a server that takes HTTP/2 only', () => {
  test('is found out by its refusal in TLS', async () => {
    const { seen, endpoint } = await given(hello, { secure: true });
    expect(await openWorld().run('- GET /: { passes: 2, retry-for: 0s }', { endpoint })).toMatchObject([
      { passed: true, attempts: 2 },
    ]);
    expect(seen).toHaveLength(2);
  });

  test('is found out by its first frame', async () => {
    const { endpoint } = await given(hello);
    const target = new URL(endpoint.url);
    // As servers in Go: a frame with settings comes first, whatever the client says.
    const front = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (first) => {
        if (!first.toString('latin1').startsWith('PRI '))
          return void socket.end(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
        const through = net.connect(Number(target.port), '127.0.0.1').on('error', () => {});
        through.write(first);
        socket.pipe(through).pipe(socket);
      });
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    closers.push(() => front.close());
    const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    const result = await openWorld().run('- GET /: { json: { hello: world } }', { endpoint: openEndpoint(url) });
    expect(result).toMatchObject([{ passed: true, attempts: 1 }]);
  });

  test('may redirect within its origin, with cookies', async () => {
    const { seen, endpoint } = await given((stream, { path }) => {
      if (path !== '/') return hello(stream);
      stream.respond({ ':status': 302, location: '/next', 'set-cookie': ['a=1'] }, { endStream: true });
    });
    expect(await openWorld().run('- GET /: { http2: true }', { endpoint })).toMatchObject([{ passed: true }]);
    expect(seen.map(({ path, headers }) => [path, headers['cookie']])).toEqual([
      ['/', undefined],
      ['/next', 'a=1'],
    ]);
  });

  test('passes as a stream that never ends', async () => {
    const { endpoint } = await given((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      stream.write('data: ready\n\n');
    });
    const result = await openWorld().run('- GET /: { http2: true, contains: ready }', { endpoint });
    expect(result).toMatchObject([{ passed: true }]);
  });

  test.each(['that it does not reset', 'that it resets'])(
    'may answer before it has read the body of a request %s',
    async (how) => {
      const { endpoint } = await given(
        (stream) => {
          stream.respond({ ':status': 413 });
          stream.end('over the limit', () => void (how === 'that it resets' && stream.close(0)));
        },
        { isRead: false },
      );
      const workspace = await mkdtemp(path.join(tmpdir(), 'upload-'));
      closers.push(() => rmSync(workspace, { recursive: true }));
      await writeFile(path.join(workspace, 'cat.jpg'), Buffer.alloc(20_000_000));
      const yaml =
        '- POST /: { http2: true, status: 413, contains: over the limit, body-file: cat.jpg, retry-for: 0s }';
      const world = openWorld({ env: { GITHUB_WORKSPACE: workspace } });
      expect(await world.run(yaml, { endpoint })).toMatchObject([{ passed: true }]);
    },
  );

  test('with a header of the connection is told so at once', async () => {
    const { endpoint } = await given(hello);
    const [result] = await openWorld().run('- GET /: { http2: true, headers: { keep-alive: x } }', { endpoint });
    expect(result).toMatchObject({
      passed: false,
      attempts: 1,
      detail: expect.stringContaining('HTTP/2 has no such header'),
    });
  });
});

test('http2: true fails with a server of HTTP/1.1', async () => {
  const { url } = await openService(answer(200, 'hello'));
  const [result] = await openWorld().run('- GET /: { http2: true, retry-for: 0s }', { endpoint: openEndpoint(url) });
  expect(result).toMatchObject({ passed: false, detail: expect.stringContaining('h2c') });
});
