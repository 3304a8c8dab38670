import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freeBuffer, freeReads } from '../../../src/io/free-buffer.ts';

const PIECE = Buffer.alloc(1024 * 1024, 7);
const PIECES = 128;
const server = http.createServer(async (_request, response) => {
  response.writeHead(200, { 'content-length': PIECE.length * PIECES });
  for (let sent = 0; sent < PIECES; sent += 1) if (!response.write(PIECE)) await once(response, 'drain');
  response.end();
});
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  agent.destroy();
  server.close();
});

async function get(): Promise<http.IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const [response] = (await once(http.get({ host: '127.0.0.1', port, agent }), 'response')) as [http.IncomingMessage];
  return response;
}

/** Reads a body to its end. `most`: bytes of buffers beyond those that were there before. */
async function read(body: http.IncomingMessage) {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let bytes = 0;
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (chunk.some((byte) => byte !== 7)) throw new Error('another content');
    freeBuffer(chunk);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  });
  await once(body, 'end');
  return { bytes, most };
}

test('neither what a socket reads nor the pieces of a body pile up, on a connection that is used again', async () => {
  for (let round = 0; round < 2; round += 1) {
    const body = await get();
    freeReads(body);
    const { bytes, most } = await read(body);
    expect(bytes).toBe(PIECE.length * PIECES);
    expect(most).toBeLessThan(8 * 1024 * 1024);
  }
});

test('a connection is left as it was', async () => {
  const body = await get();
  const { socket } = body;
  const listeners = socket.listenerCount('data');
  freeReads(body);
  expect(socket.listenerCount('data')).toBe(listeners + 1);
  await read(body);
  expect(socket.listeners('data')).not.toContain(freeBuffer);
  const cut = await get();
  freeReads(cut);
  cut.destroy();
  await once(cut, 'close');
  expect(socket.listeners('data')).not.toContain(freeBuffer);
});

test('a part of a larger buffer is kept, as the rest may be in use', () => {
  const all = Buffer.from(new ArrayBuffer(100));
  freeBuffer(all.subarray(0, 50));
  freeBuffer(Buffer.from('from the pool that Node keeps for short ones'));
  expect(all).toHaveLength(100);
  freeBuffer(all);
  expect(all).toHaveLength(0);
});
