import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type AddressInfo, type Socket } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Authority, createAuthority } from '../../../../simulators/edge/certificates.ts';
import { openEndpoint } from '../../../../src/model/endpoint.ts';
import { type HealthServer, openHealthServer } from './grpc-server.ts';
import { answer, closeServices, openService, openWorld } from './world.ts';

const SERVING = 1;
const NOT_SERVING = 2;
const closers: (() => void)[] = [];
let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority();
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await closeServices();
});

async function given(
  statuses: Readonly<Record<string, number>>,
  credentials?: ServerCredentials,
): Promise<HealthServer> {
  const server = await openHealthServer(statuses, credentials);
  closers.push(server.close);
  return server;
}

const at = (port: number) => ({ endpoint: openEndpoint(`http://127.0.0.1:${port}`) });
const atOnce = 'retry-for: 0s';

async function tryOnce(yaml: string, run: object = {}) {
  const [result] = await openWorld().run(yaml, run);
  return result!;
}

describe('grpc: health', () => {
  test('passes when the server says that it serves', async () => {
    const { port, asked } = await given({ '': SERVING });
    const result = await tryOnce('- grpc: health', at(port));
    expect(result).toMatchObject({ name: 'grpc: health', passed: true, detail: expect.stringMatching(/^SERVING in /) });
    expect(asked.map(({ service }) => service)).toEqual(['']);
  });

  test('asks for a service, with the headers of the test and of the address', async () => {
    const service = `acme.v1.${'Agent'.repeat(30)}`;
    const { port, asked } = await given({ [service]: SERVING });
    const endpoint = { url: `http://127.0.0.1:${port}`, headers: async () => ({ Authorization: 'Bearer abc' }) };
    const yaml = `- { grpc: health, service: ${service}, headers: { x-tenant: acme } }`;
    expect(await tryOnce(yaml, { endpoint })).toMatchObject({ passed: true });
    expect(asked.map(({ metadata }) => metadata.getMap())).toMatchObject([
      { authorization: 'Bearer abc', 'x-tenant': 'acme' },
    ]);
  });

  test('takes the full URL of another port, which gets no header of the address', async () => {
    const { port, asked } = await given({ '': SERVING });
    const endpoint = { url: 'http://127.0.0.1:9', headers: async () => ({ authorization: 'Bearer abc' }) };
    expect(await tryOnce(`- { grpc: health, url: 'http://127.0.0.1:${port}' }`, { endpoint })).toMatchObject({
      passed: true,
    });
    expect(asked[0]!.metadata.get('authorization')).toEqual([]);
  });

  test('speaks TLS for https, and trusts what the address says', async () => {
    const { key, cert } = await authority.issue('agent.example');
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
    const { port } = await given({ '': SERVING }, ServerCredentials.createSsl(null, [pair]));
    const connection = { ca: authority.certificatePem, serverName: 'agent.example' };
    const endpoint = { ...openEndpoint(`https://127.0.0.1:${port}`), connection };
    expect(await tryOnce('- grpc: health', { endpoint })).toMatchObject({ passed: true });
    const untrusted = await tryOnce(`- { grpc: health, ${atOnce} }`, { endpoint: openEndpoint(endpoint.url) });
    expect(untrusted).toMatchObject({
      passed: false,
      attempts: 1,
      detail: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });

  test.each([
    ['does not serve', { '': NOT_SERVING }, '', 'expected SERVING, got NOT_SERVING'],
    ['has a state that is unknown', { '': 0 }, '', 'expected SERVING, got UNKNOWN'],
    ['has a state of a later version', { '': 7 }, '', 'expected SERVING, got 7'],
    ['does not know the service', {}, 'acme.A', 'the health service does not know acme.A: "no such service: ä"'],
  ])('fails when the server %s', async (_, statuses, service, detail) => {
    const { port } = await given(statuses);
    const result = await tryOnce(`- { grpc: health, service: '${service}', ${atOnce} }`, at(port));
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining(detail) });
  });

  test('is tried again until the server serves', async () => {
    const statuses: Record<string, number> = { '': NOT_SERVING };
    const { port, asked } = await given(statuses);
    const world = openWorld();
    const running = world.run('- { grpc: health, retry-for: 60s }', at(port));
    while (asked.length < 2) await new Promise((resolve) => setImmediate(resolve));
    statuses[''] = SERVING;
    expect(await running).toMatchObject([{ passed: true, attempts: expect.any(Number) }]);
    expect((await running)[0]!.attempts).toBeGreaterThan(1);
  });
});

/** An HTTP/2 server without TLS that answers each call in this way. */
async function answering(handle: (stream: http2.ServerHttp2Stream) => void): Promise<number> {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => void sessions.add(session.on('error', () => {})));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    handle(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

describe('an answer that is none of gRPC', () => {
  test.each<[string, (stream: http2.ServerHttp2Stream) => void, string]>([
    ['a page', (stream) => respond(stream, { ':status': 404 }, 'no such page'), 'got status 404: "no such page"'],
    [
      'gRPC-Web',
      (stream) => respond(stream, { ...GRPC, 'content-type': 'application/grpc-web+proto' }, 'x'),
      'expected an answer of gRPC, got one of gRPC-Web',
    ],
    ['no status', (stream) => respond(stream, GRPC, ''), 'got one without grpc-status'],
    [
      'only a status',
      (stream) => void stream.respond({ ...GRPC, 'grpc-status': '12' }, { endStream: true }),
      'no health service',
    ],
    [
      'success without a message',
      (stream) => void stream.respond({ ...GRPC, 'grpc-status': '0' }, { endStream: true }),
      'got another message',
    ],
    [
      'a message that is cut',
      (stream) => withTrailers(stream, Buffer.from([0, 0, 0, 0, 9, 8, 1])),
      'got another message',
    ],
    [
      'a message that is packed',
      (stream) => withTrailers(stream, Buffer.from([1, 0, 0, 0, 2, 8, 1])),
      'got another message',
    ],
    [
      'another kind of message',
      (stream) => withTrailers(stream, Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 65])),
      'got another message',
    ],
    [
      'a status that is no number',
      (stream) => void stream.respond({ ...GRPC, 'grpc-status': 'x'.repeat(99) }, { endStream: true }),
      'status that is no number',
    ],
    ['a body without an end', (stream) => endless(stream), 'longer than 65536 bytes'],
    ['a reset', (stream) => void stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 'could not reach'],
    ['a connection that goes', (stream) => void stream.session?.destroy(), 'could not reach'],
  ])('fails it: %s', async (_, handle, detail) => {
    const port = await answering(handle);
    const result = await tryOnce(`- { grpc: health, ${atOnce} }`, at(port));
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining(detail) });
  });

  test.each([
    ['a page', { ':status': 503 }, 'down', 'got status 503: "down"'],
    ['an answer of gRPC', GRPC, '', 'it did not end within'],
  ])('fails it: %s without an end', async (_, headers, body, detail) => {
    const port = await answering((stream) => {
      stream.respond(headers);
      stream.write(body);
    });
    const result = await tryOnce(`- { grpc: health, within: 100ms, ${atOnce} }`, at(port));
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining(detail) });
  });

  test('fails it: a login page', async () => {
    const port = await answering((stream) =>
      stream.respond(
        { ':status': 302, location: 'https://login.example/?client_id=1&redirect_uri=x' },
        { endStream: true },
      ),
    );
    const result = await tryOnce('- grpc: health', at(port));
    expect(result).toMatchObject({ passed: false, attempts: 1, detail: expect.stringContaining('a login answers') });
  });

  test('fails it: a server of HTTP/1.1', async () => {
    const { url } = await openService(answer(200, 'hello'));
    const result = await tryOnce(`- { grpc: health, ${atOnce} }`, { endpoint: openEndpoint(url) });
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining('without TLS (h2c)') });
  });

  test('fails it: silence, within its time, and leaves no connection', async () => {
    const sockets: Socket[] = [];
    const server = net
      .createServer((socket) => void sockets.push(socket.on('error', () => {}).resume()))
      .listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const startedAt = Date.now();
    const result = await tryOnce(`- { grpc: health, within: 50ms, ${atOnce} }`, at(port));
    expect(result).toMatchObject({ passed: false, detail: expect.stringContaining('no answer within') });
    expect(Date.now() - startedAt).toBeLessThan(6_000);
    expect(sockets.length).toBeGreaterThan(0);
    for (const socket of sockets) if (!socket.closed) await once(socket, 'close');
  });

  test('never shows what was sent, even where it comes back', async () => {
    const port = await answering((stream) => {
      stream.respond({ ...GRPC, 'grpc-status': '16', 'grpc-message': 'bad token top-secret-1' }, { endStream: true });
    });
    const result = await tryOnce(
      `- { grpc: health, headers: { authorization: Bearer top-secret-1 }, ${atOnce} }`,
      at(port),
    );
    expect(result.detail).toContain('bad token');
    expect(result.detail).not.toContain('top-secret-1');
  });
});

function respond(stream: http2.ServerHttp2Stream, headers: http2.OutgoingHttpHeaders, body: string): void {
  stream.respond(headers);
  stream.end(body);
}

function withTrailers(stream: http2.ServerHttp2Stream, body: Buffer): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(body);
}

function endless(stream: http2.ServerHttp2Stream): void {
  stream.respond(GRPC);
  const write = (): void => {
    while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
    stream.once('drain', write);
  };
  write();
}

describe('where it may go', () => {
  test('is checked: no metadata service, no private address where that is denied, none behind the proxy of an API server', async () => {
    const { port } = await given({ '': SERVING });
    const url = `http://127.0.0.1:${port}`;
    const [test] = (await import('../../../../src/inputs/smoke-tests.ts')).parseSmokeTests(
      '- grpc: health',
      { readFile: () => null },
      { networks: 'public', passedVariables: [] },
    );
    const world = openWorld();
    const denied = await world.run('', { tests: [test!], endpoint: openEndpoint(url) });
    expect(denied).toMatchObject([
      { passed: false, attempts: 1, detail: expect.stringContaining('deny-private-networks') },
    ]);
    const metadata = await world.run('- grpc: health', { endpoint: openEndpoint('http://169.254.169.254') });
    expect(metadata).toMatchObject([{ passed: false, attempts: 1, detail: expect.stringContaining('never called') }]);
    const proxied = { ...openEndpoint(url), reservedHeaders: ['authorization'] };
    const behind = await world.run('- grpc: health', { endpoint: proxied });
    expect(behind).toMatchObject([{ passed: false, attempts: 1, detail: expect.stringContaining('HTTP/1.1') }]);
  });
});
