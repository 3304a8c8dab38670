import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { guardedLookup } from '../../../src/io/address-guard.ts';
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

describe('several kept-alive connections that the server closed', () => {
  /** As many connections as requests at once, all of them closed by the server when they are used again. */
  async function openStale(count: number) {
    const { url, seen } = await serveStaleSockets();
    const client = openHttp({});
    const send = async (method: string, body?: string | BodyWriter) => {
      const request = { method, url, timeoutMs: 5_000, ...(body === undefined ? {} : { body }) };
      await readBody(await client.send(request), { maxBytes: 100, timeoutMs: 5_000 });
    };
    await Promise.all(Array.from({ length: count }, () => send('GET')));
    seen.length = 0;
    return { send, seen };
  }

  test.each(['GET', 'PUT', 'DELETE'])('cost a %s one try', async (method) => {
    const { send, seen } = await openStale(5);
    await send(method);
    expect(seen).toEqual([method, method]);
  });

  test.each<[string, string, string | BodyWriter]>([
    ['a POST', 'POST', 'x'],
    ['an upload', 'PUT', async (outgoing) => void outgoing.write('x')],
  ])('are NETWORK for %s, and the next try has a new connection', async (_, method, body) => {
    const { send } = await openStale(5);
    await expect(send(method, body)).rejects.toMatchObject({ code: 'NETWORK' });
    await send(method, body);
  });

  test('cost an SDK that has only the agent one try', async () => {
    const { url, seen } = await serveStaleSockets();
    const { httpAgent: agent } = openHttp({});
    const send = async () => {
      const request = http.get(url, { agent });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      await response.toArray();
    };
    await Promise.all(Array.from({ length: 8 }, send));
    seen.length = 0;
    await expect(send()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await send();
    expect(seen).toHaveLength(2);
  });

  test('cost one time-out where they are silent, as after a gateway forgot them', async () => {
    const forgotten = new WeakSet<object>();
    let isForgetful = false;
    const url = await serve((request, response) => {
      if (isForgetful && forgotten.has(request.socket)) return;
      forgotten.add(request.socket);
      response.end('ok');
    });
    const client = openHttp({});
    const get = async () => {
      const response = await client.send({ method: 'GET', url, timeoutMs: 300 });
      await readBody(response, { maxBytes: 100, timeoutMs: 300 });
    };
    await Promise.all(Array.from({ length: 5 }, get));
    isForgetful = true;
    await expect(get()).rejects.toThrow('no answer within 300 ms');
    await get();
  });

  test('are no unexpected error, whatever closes the new one', async () => {
    const url = await serve((request) => void request.socket.resetAndDestroy());
    const sending = openHttp({}).send({ method: 'GET', url, timeoutMs: 5_000 });
    await expect(sending).rejects.toMatchObject({ code: 'NETWORK' });
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

describe('a connection whose server', () => {
  const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n';

  test.each([
    ['switches to another protocol', SWITCH],
    ['switches to another protocol and goes on in it', `${SWITCH}hello`],
    ['speaks HTTP/2', '\0\0\u0012\u0004\0\0\0\0\0'],
    ['announces an answer only', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['says nothing', ''],
  ])(
    '%s is an error, whether it closes or stays open',
    async (_, bytes) => {
      for (const stays of [true, false]) {
        const url = await serve((request) => void (stays ? request.socket.write(bytes) : request.socket.end(bytes)));
        const sending = openHttp({}).send({ method: 'GET', url, timeoutMs: 300 });
        await expect(sending).rejects.toMatchObject({
          code: 'NETWORK',
          message: expect.stringMatching(/^could not reach 127\.0\.0\.1:\d+: ./),
        });
      }
    },
    5_000,
  );
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

describe('behind a proxy', () => {
  const refused: LookupFunction = (host, options, callback) =>
    host === 'unknown.example'
      ? callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), [])
      : guardedLookup('169.254.169.254', options, callback);

  async function openProxied() {
    const asked: string[] = [];
    const proxy = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end('ok');
    });
    const said: string[] = [];
    const client = openHttp({ HTTP_PROXY: proxy.origin }, (message) => void said.push(message));
    const get = async (url: string, lookup?: LookupFunction) => {
      const request = { method: 'GET', url: new URL(url), timeoutMs: 5_000, ...(lookup ? { lookup } : {}) };
      await readBody(await client.send(request), { maxBytes: 100, timeoutMs: 5_000 });
    };
    return { asked, said, get };
  }

  test('a name that stands for a metadata service is refused before the proxy is asked', async () => {
    const { asked, get } = await openProxied();
    await expect(get('http://rebound.example/', refused)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(get('http://169.254.169.254/', guardedLookup)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(asked).toEqual([]);
  });

  test('a name that only the proxy can resolve is requested, which is said once', async () => {
    const { asked, said, get } = await openProxied();
    for (const path of ['a', 'b']) await get(`http://unknown.example/${path}`, refused);
    expect(asked).toEqual(['http://unknown.example/a', 'http://unknown.example/b']);
    expect(said).toEqual([expect.stringContaining("this runner can't resolve unknown.example")]);
  });

  test('where no address is forbidden, nothing is resolved or said', async () => {
    const { asked, said, get } = await openProxied();
    await get('http://unknown.example/');
    expect({ asked, said }).toEqual({ asked: ['http://unknown.example/'], said: [] });
  });
});

describe('a body', () => {
  test('that trickles for longer than its time is given up, though it never falls silent', async () => {
    const url = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const response = await openHttp({}).send({ method: 'GET', url, timeoutMs: 5_000 });
    const startedAt = performance.now();
    await expect(readBody(response, { maxBytes: 1_000_000, timeoutMs: 200 })).rejects.toMatchObject({
      code: 'NETWORK',
      message: 'could not read the response: the body took longer than 200 ms',
    });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(response.body.destroyed).toBe(true);
  });

  test('that is longer than it may be is given up, whatever its length header says', async () => {
    const url = await serve((_, response) => void response.end('x'.repeat(101)));
    const response = await openHttp({}).send({ method: 'GET', url, timeoutMs: 5_000 });
    await expect(readBody(response, { maxBytes: 100, timeoutMs: 5_000 })).rejects.toMatchObject({
      message: 'could not read the response: the body is longer than 100 bytes',
    });
  });
});

describe('when the run is over', () => {
  test('a request that is under way fails, and none is sent any more', async () => {
    let asked = 0;
    const { promise: hasArrived, resolve: arrived } = Promise.withResolvers<void>();
    const url = await serve(() => {
      asked += 1;
      arrived();
    });
    const client = openHttp({});
    const request = { method: 'GET', url, timeoutMs: 60_000 };
    const hanging = client.send(request).catch((error: unknown) => error);
    await hasArrived;
    client.close();
    expect(await hanging).toMatchObject({ code: 'CANCELLED' });
    await expect(client.send(request)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(asked).toBe(1);
  });
});

describe('an answer before the body was sent whole', () => {
  /** Begins to write, and goes on when the answer may have come. */
  async function sendHalf(status: number) {
    const url = await serve((_, response) => response.writeHead(status).end('x'));
    const body: BodyWriter = async (sink) => {
      sink.write('half');
      await once(sink, 'response');
      sink.write('half');
    };
    const headers = { 'content-length': '8' };
    return await openHttp({}).send({ method: 'PUT', url, headers, timeoutMs: 5_000, body });
  }

  test.each([200, 201, 202, 204])('is no success: %i', async (status) => {
    const message = expect.stringContaining(`it answered ${status} before it had the whole body`);
    await expect(sendHalf(status)).rejects.toMatchObject({ code: 'NETWORK', message });
  });

  test.each([307, 401, 413])('counts where it refuses: %i', async (status) => {
    const response = await sendHalf(status);
    expect(response.status).toBe(status);
    response.body.destroy();
  });
});
