import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { openHttp } from '../../../src/io/http.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: http.Server | net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Says hello to whoever connects. */
function givenOrigin(): Promise<string> {
  return listen(net.createServer((socket) => void socket.on('error', () => {}).end('hello')));
}

/** Passes everything on to the origin, and answers with this status. */
async function givenProxy(origin: string, status = 200) {
  const asked: { readonly target: string; readonly login: string | undefined }[] = [];
  const server = http.createServer();
  server.on('connect', (request, socket: Socket) => {
    asked.push({ target: request.url ?? '', login: request.headers['proxy-authorization'] });
    socket.on('error', () => {}).write(`HTTP/1.1 ${status} Answer\r\n\r\n`);
    if (status !== 200) return void socket.end();
    const through = net.connect(Number(origin.split(':')[1]), '127.0.0.1').on('error', () => {});
    through.pipe(socket).pipe(through);
  });
  return { asked, address: await listen(server) };
}

const request = (url: string, signal = new AbortController().signal) => ({
  url: new URL(url),
  protocols: [],
  timeoutMs: 5_000,
  signal,
});

async function read(socket: Socket): Promise<string> {
  return Buffer.concat(await socket.toArray()).toString();
}

test('a socket goes through the proxy by CONNECT, with its login, without TLS too', async () => {
  const proxy = await givenProxy(await givenOrigin());
  const { connect } = openHttp({ http_proxy: `http://ada:p%40ss@${proxy.address}` });
  expect(await read(await connect(request('http://agent.example:50051')))).toBe('hello');
  const login = `Basic ${Buffer.from('ada:p@ss').toString('base64')}`;
  expect(proxy.asked).toEqual([{ target: 'agent.example:50051', login }]);
});

test('a socket goes past the proxy where NO_PROXY says so', async () => {
  const origin = await givenOrigin();
  const proxy = await givenProxy(origin);
  const { connect } = openHttp({ http_proxy: proxy.address, no_proxy: '127.0.0.0/8' });
  expect(await read(await connect(request(`http://${origin}`)))).toBe('hello');
  expect(proxy.asked).toEqual([]);
});

test.each([
  [407, true, 'correct user and password in HTTPS_PROXY'],
  [403, true, 'The proxy does not allow this host'],
  [502, false, 'Check the spelling of the host'],
])('a proxy that refuses a tunnel with %i is told, without its login', async (status, isLasting, hint) => {
  const proxy = await givenProxy(await givenOrigin(), status);
  const login = `http://ada:s3cret@${proxy.address}`;
  const { connect, send } = openHttp({ https_proxy: login, http_proxy: login });
  const open = () => connect(request('http://agent.example'));
  const get = () => send({ method: 'GET', url: new URL('https://agent.example'), timeoutMs: 5_000 });
  for (const ask of [open, get]) {
    const failure = await ask().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'NETWORK', isLasting, hint: expect.stringContaining(hint) });
    expect((failure as Error).message).toMatch(new RegExp(`could not reach agent\\.example: .*HTTP/1\\.1 ${status}`));
    expect(inspect(failure, { depth: 5 })).not.toContain('s3cret');
  }
});

test('a proxy that says nothing is left when the time is up, and at a cancel', async () => {
  const sockets: Socket[] = [];
  const silent = await listen(net.createServer((socket) => void sockets.push(socket.on('error', () => {}).resume())));
  const { connect } = openHttp({ http_proxy: silent });
  const late = connect({ ...request('http://agent.example'), timeoutMs: 50 });
  await expect(late).rejects.toMatchObject({
    code: 'NETWORK',
    message: expect.stringContaining('no connection within 50 ms'),
  });
  const cancel = new AbortController();
  const cancelled = connect(request('http://agent.example', cancel.signal));
  cancel.abort(new Error('cancelled'));
  await expect(cancelled).rejects.toThrow('cancelled');
  for (const socket of sockets) if (!socket.closed) await once(socket, 'close');
});
