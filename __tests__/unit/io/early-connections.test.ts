import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { type Http, openHttp, readBody } from '../../../src/io/http.ts';

const servers: http.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that knows by which connection each request came, in the order in which they were opened. */
async function serve() {
  const connections: Socket[] = [];
  const requests: { connection: number; answer: () => void }[] = [];
  const server = http.createServer((request, response) => {
    requests.push({ connection: connections.indexOf(request.socket), answer: () => response.end('ok') });
    server.emit('asked');
  });
  server.on('connection', (socket) => {
    connections.push(socket);
    server.emit('connected');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const until = async (event: string, is: () => boolean): Promise<void> => {
    while (!is()) await once(server, event);
  };
  return {
    url,
    connections,
    requests,
    untilConnected: (count: number) => until('connected', () => connections.length >= count),
    untilAsked: (count: number) => until('asked', () => requests.length >= count),
  };
}

async function get(client: Http, url: URL): Promise<string> {
  const response = await client.send({ method: 'GET', url, timeoutMs: 5_000 });
  return String(await readBody(response, { maxBytes: 100, timeoutMs: 5_000 }));
}

async function openFirst(env: NodeJS.ProcessEnv = {}) {
  const server = await serve();
  const client = openHttp(env);
  const first = get(client, server.url);
  await server.untilAsked(1);
  server.requests[0]!.answer();
  await first;
  return { ...server, client };
}

test('requests go by the connections that were opened early, and no more are opened', async () => {
  const { client, url, connections, requests, untilConnected, untilAsked } = await openFirst();
  client.openEarly(url, 3);
  await untilConnected(3);
  const answers = [get(client, url), get(client, url), get(client, url)];
  await untilAsked(4);
  for (const { answer } of requests.slice(1)) answer();
  expect(await Promise.all(answers)).toEqual(['ok', 'ok', 'ok']);
  expect(requests.map(({ connection }) => connection).sort()).toEqual([0, 0, 1, 2]);
  expect(connections).toHaveLength(3);
});

test('those that are idle or opened early already are counted', async () => {
  const { client, url, connections, untilConnected } = await openFirst();
  client.openEarly(url, 3);
  client.openEarly(url, 4);
  client.openEarly(url, 2);
  await untilConnected(4);
  await once(connections[3]!.end(), 'close');
  expect(connections).toHaveLength(4);
});

test('one that the server has closed meanwhile is not used', async () => {
  const { client, url, connections, requests, untilConnected, untilAsked } = await openFirst();
  client.openEarly(url, 2);
  await untilConnected(2);
  for (const connection of connections.splice(0)) {
    connection.destroy();
    await once(connection, 'close');
  }
  // The client learns of it some turns later.
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const answer = get(client, url);
  await untilAsked(2);
  requests[1]!.answer();
  expect(await answer).toBe('ok');
});

test('the first request to a host goes by one of them too', async () => {
  const { url, connections, requests, untilConnected, untilAsked } = await serve();
  const client = openHttp({});
  client.openEarly(url, 2);
  await untilConnected(2);
  const answers = [get(client, url), get(client, url)];
  await untilAsked(2);
  for (const { answer } of requests) answer();
  expect(await Promise.all(answers)).toEqual(['ok', 'ok']);
  expect(connections).toHaveLength(2);
});

test('none is opened through a proxy', async () => {
  const { client, url, connections, requests, untilAsked } = await openFirst({
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1',
  });
  client.openEarly(url, 3);
  const next = get(client, url);
  await untilAsked(2);
  requests[1]!.answer();
  await next;
  expect(connections).toHaveLength(1);
});
