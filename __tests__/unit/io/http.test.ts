import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type BodyWriter, openHttp, readBody } from '../../../src/io/http.ts';
import { DeployError } from '../../../src/model/errors.ts';

const servers: http.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: http.RequestListener): Promise<URL> {
  const server = http.createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

/** Closes the kept-alive connection when the second request arrives on it. */
async function serveStaleSockets(): Promise<{ url: URL; seen: string[] }> {
  const seen: string[] = [];
  const used = new WeakSet<object>();
  const url = await serve((request, response) => {
    seen.push(request.method ?? '');
    if (used.has(request.socket)) return void request.socket.resetAndDestroy();
    used.add(request.socket);
    response.end('ok');
  });
  return { url, seen };
}

describe('a kept-alive connection that the server closed', () => {
  test.each(['GET', 'PUT', 'DELETE'])('is made again for a %s', async (method) => {
    const { url, seen } = await serveStaleSockets();
    const client = openHttp({});
    for (let n = 0; n < 2; n++) {
      const response = await client.send({ method, url, timeoutMs: 5_000 });
      await readBody(response, { maxBytes: 100, timeoutMs: 5_000 });
    }
    expect(seen).toEqual([method, method, method]);
  });

  test('is an error for a POST, which may have had its effect', async () => {
    const { url, seen } = await serveStaleSockets();
    const client = openHttp({});
    const first = await client.send({ method: 'POST', url, timeoutMs: 5_000, body: 'a' });
    await readBody(first, { maxBytes: 100, timeoutMs: 5_000 });
    await expect(client.send({ method: 'POST', url, timeoutMs: 5_000, body: 'b' })).rejects.toMatchObject({
      code: 'NETWORK',
    });
    expect(seen).toEqual(['POST', 'POST']);
  });
});

describe('a response', () => {
  test('that is too long is an error, and its connection is not kept', async () => {
    const url = await serve((_, response) => response.end('x'.repeat(1_000)));
    const response = await openHttp({}).send({ method: 'GET', url, timeoutMs: 5_000 });
    const reading = readBody(response, { maxBytes: 100, timeoutMs: 5_000 });
    await expect(reading).rejects.toThrow('longer than 100 bytes');
    expect(response.body.destroyed).toBe(true);
  });

  test('that never comes is an error that names the host, and neither path nor query', async () => {
    const url = await serve(() => {});
    const sending = openHttp({}).send({ method: 'GET', url: new URL('/secret?token=hunter2', url), timeoutMs: 50 });
    await expect(sending).rejects.toThrow(`could not reach ${url.host}: no answer within 50 ms`);
  });

  test('is not waited for after a cancel', async () => {
    const url = await serve(() => {});
    const controller = new AbortController();
    const sending = openHttp({}).send({ method: 'GET', url, timeoutMs: 5_000, signal: controller.signal });
    controller.abort(new Error('cancelled'));
    await expect(sending).rejects.toThrow('cancelled');
  });
});

describe('a body that is written piece by piece', () => {
  const chunk = Buffer.alloc(64 * 1024);

  test('arrives as it was written', async () => {
    let size = 0;
    const url = await serve((request, response) => {
      request.on('data', (bytes: Buffer) => {
        size += bytes.length;
      });
      request.on('end', () => response.end());
    });
    const body: BodyWriter = async (outgoing, onChunk) => {
      for (let n = 0; n < 3; n++) outgoing.write(chunk, onChunk);
    };
    const response = await openHttp({}).send({ method: 'PUT', url, body, timeoutMs: 5_000 });
    await readBody(response, { maxBytes: 100, timeoutMs: 5_000 });
    expect(size).toBe(3 * chunk.length);
  });

  test('that fails breaks the request off, with its own error', async () => {
    const url = await serve((request) => request.resume());
    const body: BodyWriter = async (outgoing) => {
      outgoing.write(chunk);
      throw new DeployError('IMAGE_INVALID', 'could not copy it: it is damaged');
    };
    const sending = openHttp({}).send({ method: 'PUT', url, body, timeoutMs: 5_000 });
    await expect(sending).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
  });

  test('is not sent on when the answer came before its end', async () => {
    const url = await serve((_, response) => response.writeHead(413).end());
    const closed = Promise.withResolvers<void>();
    const body: BodyWriter = async (outgoing) => {
      outgoing.on('close', closed.resolve);
      outgoing.write(chunk);
      await closed.promise;
    };
    const response = await openHttp({}).send({ method: 'PUT', url, body, timeoutMs: 5_000 });
    await readBody(response, { maxBytes: 100, timeoutMs: 5_000 });
    expect(response.status).toBe(413);
    await closed.promise;
  });
});
