import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { openEndpoint } from '../../../../src/model/endpoint.ts';
import { openWorld } from './world.ts';

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
