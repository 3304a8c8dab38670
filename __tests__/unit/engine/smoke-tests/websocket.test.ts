import { createHash } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Authority, createAuthority } from '../../../../simulators/edge/certificates.ts';
import { type Endpoint, openEndpoint } from '../../../../src/model/endpoint.ts';
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

type Handle = (channel: WebSocket) => void;

/** A WebSocket service on 127.0.0.1. */
async function given(handle: Handle, options: object = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  const requests: import('node:http').IncomingMessage[] = [];
  const closed: number[] = [];
  server.on('connection', (channel, request) => {
    requests.push(request);
    channel.on('error', () => {});
    channel.on('close', (code) => void closed.push(code));
    handle(channel);
  });
  await once(server, 'listening');
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, requests, closed };
}

const echo: Handle = (channel) => void channel.on('message', (data) => channel.send(String(data)));
const pong: Handle = (channel) =>
  void channel.on('message', () => channel.send('{"type":"pong","id":12345678901234567890}'));

async function tryOnce(yaml: string, endpoint: Endpoint | null) {
  const [result] = await openWorld().run(yaml, { endpoint });
  return result!;
}

const AT_ONCE = 'retry-for: 0s';

describe('websocket: /path', () => {
  test('passes when it opens, and closes it as the protocol asks for', async () => {
    const { url, requests, closed } = await given(() => {});
    const result = await tryOnce('- websocket: /chat?room=1', openEndpoint(url));
    expect(result).toMatchObject({
      name: 'websocket: /chat?…',
      passed: true,
      detail: expect.stringMatching(/^open in /),
    });
    expect(requests.map(({ url: path }) => path)).toEqual(['/chat?room=1']);
    while (closed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toEqual([1000]);
  });

  test('a message that nothing is expected of is sent, which is no answer', async () => {
    const { url } = await given((channel) => void channel.on('message', () => channel.close(4401, 'unauthorized')));
    const result = await tryOnce('- { websocket: /, send: hello }', openEndpoint(url));
    expect(result).toMatchObject({ passed: true, detail: expect.stringMatching(/^open, and the message sent, in /) });
  });

  test.each([
    ['text', '{ websocket: /, send: hello, contains: hello }', echo],
    [
      'a map, as JSON',
      '{ websocket: /, send: { id: 12345678901234567890 }, json: { id: 12345678901234567890 } }',
      echo,
    ],
    [
      'a message with several conditions',
      '{ websocket: /, send: ping, json: { type: pong }, matches: "p.ng", not: error }',
      pong,
    ],
    ['an item anywhere', '{ websocket: /, send: [1, { a: 2 }], json: { "[*]": { a: 2 } } }', echo],
  ])('sends a message and passes with the answer that is expected: %s', async (_, entry, handle) => {
    const { url } = await given(handle);
    expect(await tryOnce(`- ${entry}`, openEndpoint(url))).toMatchObject({
      passed: true,
      detail: expect.stringMatching(/^answered in /),
    });
  });

  test('passes with a later message, and with one that comes with the handshake', async () => {
    const { url } = await given((channel) => {
      channel.send('welcome');
      channel.send(Buffer.from('binary ready'));
    });
    expect(await tryOnce('- { websocket: /, contains: ready }', openEndpoint(url))).toMatchObject({ passed: true });
    const raw = await rawServer((socket, key) => {
      socket.write(Buffer.concat([Buffer.from(acceptance(key)), frame('greeting')]));
    });
    expect(await tryOnce('- { websocket: /, contains: greeting }', openEndpoint(raw.url))).toMatchObject({
      passed: true,
    });
  });

  test('sends the headers of the test and of the address, and the subprotocol', async () => {
    const { url, requests } = await given(() => {}, { handleProtocols: () => 'graphql-transport-ws' });
    const endpoint = { url, headers: async () => ({ Authorization: 'Bearer abc' }) };
    const yaml = '- { websocket: /, protocol: graphql-transport-ws, headers: { x-tenant: acme } }';
    expect(await tryOnce(yaml, endpoint)).toMatchObject({ passed: true });
    expect(requests[0]!.headers).toMatchObject({
      authorization: 'Bearer abc',
      'x-tenant': 'acme',
      'sec-websocket-protocol': 'graphql-transport-ws',
    });
  });

  test('speaks TLS for wss', async () => {
    const server = https.createServer(await authority.issue('agent.example')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    new WebSocketServer({ server }).on('connection', echo);
    const { port } = server.address() as AddressInfo;
    const connection = { ca: authority.certificatePem, serverName: 'agent.example' };
    const endpoint = { ...openEndpoint(`https://127.0.0.1:${port}`), connection };
    const entry = (location: string) => `- { websocket: '${location}', send: hi, contains: hi, ${AT_ONCE} }`;
    expect(await tryOnce(entry('/'), endpoint)).toMatchObject({ passed: true });
    expect(await tryOnce(entry(`wss://127.0.0.1:${port}/`), endpoint)).toMatchObject({ passed: true });
    const untrusted = await tryOnce(entry(`wss://127.0.0.1:${port}/`), null);
    expect(untrusted).toMatchObject({ passed: false, detail: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
  });
});

describe('a WebSocket fails', () => {
  test.each<[string, string, Handle, string]>([
    ['that answers something else', 'send: a, contains: b, within: 50ms', echo, 'no message was as expected within'],
    ['that says nothing', 'send: a, contains: b, within: 50ms', () => {}, 'expected a message, got none within'],
    [
      'that says what must not be',
      'send: error, not: error, contains: x',
      echo,
      'expected the message not to contain "error"',
    ],
    [
      'that is closed before',
      'send: a, contains: b',
      (channel) => channel.close(1011, 'no model'),
      'closed it (code 1011: "no model")',
    ],
    ['that breaks off', 'contains: b', (channel) => channel.terminate(), 'code 1006'],
    [
      'with a message that is too long',
      'contains: b',
      (channel) => channel.send(Buffer.alloc(1_100_000)),
      'Max payload size exceeded',
    ],
    ['that never stops', 'contains: b', flood, 'before it was too much'],
    [
      'whose answer takes too long to compare',
      'send: x, matches: "^(a+)+$"',
      (channel) => channel.send(`${'a'.repeat(40)}!`),
      'longer than a second',
    ],
  ])('%s', async (_, options, handle, detail) => {
    const { url } = await given(handle);
    const result = await tryOnce(`- { websocket: /, ${options}, ${AT_ONCE} }`, openEndpoint(url));
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining(detail) });
  });

  test.each([
    ['a page', answer(404, 'no such page'), 'expected a WebSocket, got status 404: "no such page"'],
    ['a redirect', answer(302, '', { location: '/other' }), 'expected a WebSocket, got status 302'],
    ['a login', answer(302, '', { location: '/oauth2/start?rd=x' }), 'a login answers'],
  ])('where the response is %s', async (_, response, detail) => {
    const { url } = await openService(response);
    const result = await tryOnce(`- { websocket: /, ${AT_ONCE} }`, openEndpoint(url));
    expect(result).toMatchObject({ passed: false, attempts: 1, detail: expect.stringContaining(detail) });
  });

  test('where the handshake is not answered, is wrong or breaks off; no connection is left', async () => {
    for (const [handle, detail] of [
      [() => {}, 'no answer within'],
      [(socket: Socket) => void socket.write(acceptance('wrong')), 'Invalid Sec-WebSocket-Accept'],
      [(socket: Socket) => void socket.destroy(), 'could not open a WebSocket'],
    ] as const) {
      const { url, sockets } = await rawServer(handle);
      const result = await tryOnce(`- { websocket: /, within: 50ms, ${AT_ONCE} }`, openEndpoint(url));
      expect(result).toMatchObject({ passed: false, detail: expect.stringContaining(detail) });
      for (const socket of sockets) if (!socket.closed) await once(socket, 'close');
    }
  });

  test('where the other side does not close: it is left all the same', async () => {
    const { url, sockets } = await rawServer((socket, key) => void socket.write(acceptance(key)));
    expect(await tryOnce('- websocket: /', openEndpoint(url))).toMatchObject({ passed: true });
    for (const socket of sockets) if (!socket.closed) await once(socket, 'close');
  });

  test('without a word of what was sent, even where it comes back', async () => {
    const { url } = await given((channel) => void channel.on('message', (data) => channel.send(`bad: ${data}`)));
    const yaml = `- { websocket: /, send: { token: top-secret-1 }, contains: good, within: 200ms, ${AT_ONCE} }`;
    const result = await tryOnce(yaml, openEndpoint(url));
    expect(result.detail).toContain('bad: ');
    expect(result.detail).not.toContain('top-secret-1');
  });

  test('where it may not go', async () => {
    const denied = await tryOnce('- websocket: /', openEndpoint('http://169.254.169.254'));
    expect(denied).toMatchObject({ passed: false, attempts: 1, detail: expect.stringContaining('never called') });
    const reserved = { ...openEndpoint('http://127.0.0.1:9'), reservedHeaders: ['authorization'] };
    const sent = await tryOnce('- { websocket: /, headers: { authorization: x } }', reserved);
    expect(sent).toMatchObject({ passed: false, attempts: 1, detail: expect.stringContaining('does not pass it on') });
  });
});

function flood(channel: WebSocket): void {
  for (let sent = 0; sent < 1_100; sent += 1) channel.send('x');
}

/** Answers the handshake as `handle` does. */
async function rawServer(handle: (socket: Socket, key: string) => void) {
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.on('data', (chunk) => {
      const key = /sec-websocket-key: (\S+)/i.exec(chunk.toString())?.[1];
      if (key) handle(socket, key);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

function acceptance(key: string): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  return `${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`;
}

function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
}
