import { once } from 'node:events';
import type http from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Http, type HttpRequest, openHttp } from '../../../src/io/http.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function serve(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).resume());
    socket.once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Proxies that leave a request without a connection. */
const silent: [string, (socket: Socket) => void][] = [
  ['never answers', () => {}],
  ['says one byte at a time', (socket) => void socket.write('H')],
  [
    'opens the tunnel, behind which nothing answers',
    (socket) => void socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n')),
  ],
];

const request: HttpRequest = { method: 'GET', url: new URL('https://registry.example/v2/'), timeoutMs: 60_000 };

async function failureOf(client: Http, asked: HttpRequest): Promise<unknown> {
  return await client.send(asked).catch((error: unknown) => error);
}

describe.each(silent)('through a proxy that %s, a request', (_, behave) => {
  test('ends when its time is over', async () => {
    const client = openHttp({ HTTPS_PROXY: await serve(behave) });
    expect(await failureOf(client, { ...request, timeoutMs: 200 })).toMatchObject({
      code: 'NETWORK',
      message: 'could not reach registry.example: no answer within 200 ms',
    });
    client.close();
  }, 5_000);

  test('ends with a cancel', async () => {
    const client = openHttp({ HTTPS_PROXY: await serve(behave) });
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(new Error('cancelled')), 200);
    expect(await failureOf(client, { ...request, signal: cancel.signal })).toBe(cancel.signal.reason);
    client.close();
  }, 5_000);

  test('ends with the run, and its connection to the proxy too', async () => {
    const { promise: hasConnected, resolve: connected } = Promise.withResolvers<void>();
    const { promise: hasClosed, resolve: closed } = Promise.withResolvers<void>();
    const proxy = await serve((socket) => {
      behave(socket);
      socket.once('close', () => closed());
      connected();
    });
    const client = openHttp({ HTTPS_PROXY: proxy });
    const failure = failureOf(client, request);
    await hasConnected;
    client.close();
    expect(await failure).toMatchObject({ code: 'CANCELLED' });
    await hasClosed;
  }, 5_000);

  test('tells who writes its body that it has ended', async () => {
    const client = openHttp({ HTTPS_PROXY: await serve(behave) });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    await failureOf(client, {
      ...request,
      method: 'PUT',
      timeoutMs: 200,
      body: async (outgoing) => {
        outgoing.once('close', resolve);
        await ended;
      },
    });
    await ended;
    client.close();
  }, 5_000);
});

test('a request that waits for a place among those to one host ends when its time is over', async () => {
  const url = new URL(await serve(() => {}));
  const client = openHttp({});
  const most = (client.httpAgent as http.Agent).maxSockets;
  const hanging = Array.from({ length: most }, () => failureOf(client, { method: 'GET', url, timeoutMs: 60_000 }));
  expect(await failureOf(client, { method: 'GET', url, timeoutMs: 200 })).toMatchObject({ code: 'NETWORK' });
  client.close();
  await Promise.all(hanging);
}, 5_000);
