import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../../../simulators/edge/certificates.ts';
import { freeBuffer } from '../../../src/io/free-buffer.ts';
import { freeReads, sharedReads } from '../../../src/io/socket-reads.ts';

const PIECE_BYTES = 1024 * 1024;
const PIECES = 64;
const MOST_BYTES = 24 * 1024 * 1024;
const DIGITS = [1, 2, 3];
const pieces = new Map(DIGITS.map((digit) => [digit, Buffer.alloc(PIECE_BYTES, digit)]));

/** `/3`: threes, many of them. */
async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const piece = pieces.get(Number(request.url!.slice(1)));
  response.writeHead(200, { 'content-length': PIECE_BYTES * PIECES });
  for (let sent = 0; sent < PIECES; sent += 1) if (!response.write(piece)) await once(response, 'drain');
  response.end();
}

const authority = await createAuthority();
const { key, cert } = await authority.issue('localhost');
const plain = http.createServer(answer);
const secure = https.createServer({ key, cert }, answer);
const options = { keepAlive: true, maxSockets: 3, ca: authority.certificatePem };
const agents = {
  'sockets as they are': new http.Agent(options),
  'shared reads': new http.Agent({ ...options, ...{ onread: sharedReads } }),
  'shared reads, TLS': new https.Agent({ ...options, ...{ onread: sharedReads } }),
} as const;

beforeAll(async () => {
  for (const server of [plain, secure]) await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  for (const agent of Object.values(agents)) agent.destroy();
  for (const server of [plain, secure]) server.close();
});

async function get(agent: http.Agent, digit: number): Promise<http.IncomingMessage> {
  const isSecure = agent instanceof https.Agent;
  const { port } = (isSecure ? secure : plain).address() as AddressInfo;
  const request = (isSecure ? https : http).get({ host: 'localhost', family: 4, port, agent, path: `/${digit}` });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

/** Reads a body of that digit to its end, a little behind, and frees it. Returns its length. */
async function read(body: http.IncomingMessage, digit: number): Promise<number> {
  const expected = pieces.get(digit)!;
  let bytes = 0;
  let behind: Buffer = Buffer.alloc(0);
  const check = (): void => {
    if (!behind.equals(expected.subarray(0, behind.length))) throw new Error('another content');
    freeBuffer(behind);
  };
  body.on('data', (chunk: Buffer) => {
    check();
    bytes += chunk.length;
    behind = chunk;
  });
  await once(body, 'end');
  check();
  return bytes;
}

describe.each(Object.entries(agents))('%s', (_name, agent) => {
  test('bodies that are read at once on connections that are used again keep their content, and nothing piles up', async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let round = 0; round < 2; round += 1) {
      const lengths = await Promise.all(
        DIGITS.map(async (digit) => {
          const body = await get(agent, digit);
          freeReads(body);
          body.on('data', () => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)));
          return await read(body, digit);
        }),
      );
      expect(lengths).toEqual(DIGITS.map(() => PIECE_BYTES * PIECES));
    }
    expect(most).toBeLessThan(MOST_BYTES);
  });

  test('a body that no one takes stops its socket', async () => {
    const body = await get(agent, 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(body.readableLength).toBeLessThan(PIECE_BYTES);
    body.destroy();
    await once(body, 'close');
  });

  test('a connection is left as it was', async () => {
    const body = await get(agent, 1);
    const { socket } = body;
    const listeners = socket.listenerCount('data');
    freeReads(body);
    expect(socket.listenerCount('data')).toBe(listeners + 1);
    await read(body, 1);
    expect(socket.listenerCount('data')).toBeLessThanOrEqual(listeners);
    const cut = await get(agent, 1);
    const before = cut.socket.listenerCount('data');
    freeReads(cut);
    cut.destroy();
    await once(cut, 'close');
    expect(cut.socket.listenerCount('data')).toBeLessThanOrEqual(before);
  });
});

test('what is freed is never the memory that sockets share', async () => {
  const agent = agents['shared reads'];
  const body = await get(agent, 1);
  freeReads(body);
  await read(body, 1);
  expect((sharedReads.buffer as Buffer).length).toBeGreaterThan(0);
});
