import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { openEndpoint } from '../../../../src/model/endpoint.ts';
import { openWorld, systemClock } from './world.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Answers every request with these bytes, and closes the connection where `ends`. */
async function serve(answer: string, { host = '127.0.0.1', ends = false } = {}) {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}).on('data', () => void (ends ? socket.end(answer) : socket.write(answer)));
    closers.push(() => socket.destroy());
  });
  server.listen(0, host);
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return openEndpoint(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';

test.each([
  ['a HEAD, whose answer has a length and no body', 'HEAD /', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', {}],
  ['HTTP/1.0, whose body ends with the connection', 'GET /', 'HTTP/1.0 200 OK\r\n\r\nhello', { ends: true }],
  ['early hints (103) before the answer', 'GET /', `HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n${OK}`, {}],
  ['an IPv6 address', 'GET /', OK, { host: '::1' }],
])('%s passes', async (_, request, answer, options) => {
  const endpoint = await serve(answer, options);
  const expected = request.startsWith('HEAD') ? 'status: 200' : 'status: 200, contains: hello';
  const [result] = await openWorld().run(`- ${request}: { ${expected}, retry-for: 0s }`, { endpoint });
  expect(result).toMatchObject({ passed: true, attempts: 1 });
});

const BROKEN = 'content-type: text/plain\r\ncontent-length: 100\r\n\r\nboom';
const STREAM = 'content-type: text/event-stream\r\n\r\ndata: hello\n\n';

test.each([
  ['a wrong status, and no end', 'GET /: { status: 200', `HTTP/1.1 500 No\r\n${BROKEN}`, {}, 'got 500: "boom"'],
  [
    'a wrong status, and it breaks off',
    'GET /: { status: 200',
    `HTTP/1.1 500 No\r\n${BROKEN}`,
    { ends: true },
    'got 500: "boom"',
  ],
  [
    'a wrong header, and no end',
    'GET /: { header: { x: y }',
    `HTTP/1.1 200 OK\r\n${BROKEN}`,
    {},
    'expected header x with "y"',
  ],
  ['a stream that fails', 'GET /: { contains: x', `HTTP/1.1 500 No\r\n${STREAM}`, {}, 'got 500: "data: hello"'],
  [
    'a stream without what is expected',
    'GET /: { contains: x',
    `HTTP/1.1 200 OK\r\n${STREAM}`,
    {},
    'expected the part of the body that came to contain "x", got "data: hello"',
  ],
  ['a right status, and no end', 'GET /: { status: 200', `HTTP/1.1 200 OK\r\n${BROKEN}`, {}, 'it did not end within'],
  [
    'a right status, and it breaks off',
    'GET /: { status: 200',
    `HTTP/1.1 200 OK\r\n${BROKEN}`,
    { ends: true },
    'closed the connection',
  ],
  [
    'a page instead of a WebSocket, and no end',
    '{ websocket: /',
    `HTTP/1.1 200 OK\r\n${STREAM}`,
    {},
    'expected a WebSocket, got status 200: "data: hello"',
  ],
])('%s: what came is told', async (_, options, answer, serving, detail) => {
  const yaml = `- ${options}, retry-for: 0s, within: 100ms }`;
  const [result] = await openWorld({ clock: systemClock }).run(yaml, { endpoint: await serve(answer, serving) });
  expect(result).toMatchObject({ passed: false, detail: expect.stringContaining(detail) });
});

const OPENED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n';

test.each([
  ['no HTTP', 'GET /: { status: 200', 'SSH-2.0-OpenSSH_9.9\r\n', 'is not HTTP/1.1: check the port'],
  ['a wrong accept key', '{ websocket: /', `${OPENED}sec-websocket-accept: x\r\n\r\n`, 'check the path and `protocol`'],
  ['another upgrade', '{ websocket: /', `${OPENED.replace('websocket', 'h2c')}\r\n`, 'check the path and `protocol`'],
])('what answers is not looked for elsewhere: %s', async (_, options, answer, detail) => {
  const endpoint = await serve(answer);
  const [result] = await openWorld().run(`- ${options}, retry-for: 0s }`, { endpoint });
  expect(result).toMatchObject({ passed: false, detail: expect.stringContaining(detail) });
  expect(result!.detail).not.toContain('spelling of the host');
});

test('nor where TLS is spoken to a port without it', async () => {
  const { url } = await serve(OK);
  const endpoint = openEndpoint(url.replace('http:', 'https:'));
  const [result] = await openWorld().run('- GET /: { retry-for: 0s }', { endpoint });
  expect(result!.detail).toContain('does not speak TLS on this port: check the port');
});
