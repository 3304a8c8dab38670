import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../../../simulators/edge/certificates.ts';
import { type BodyWriter, openHttp, readBody } from '../../../src/io/http.ts';

const CHUNK = Buffer.alloc(64 * 1024);
const NAME = 'registry.example';
const ANSWER = 'x'.repeat(50_000);
const closed = new Int32Array(new SharedArrayBuffer(4));
let worker: Worker;
let ports: readonly number[];
let ca: string;
beforeAll(async () => {
  const authority = await createAuthority();
  ca = authority.certificatePem;
  const script = new URL('../../fixtures/early-answer-server.mjs', import.meta.url);
  worker = new Worker(script, { workerData: { body: ANSWER, closed, certificate: await authority.issue(NAME) } });
  [ports] = (await once(worker, 'message')) as [number[]];
});
afterAll(() => worker.terminate());

/** `status` 0: the connection ends without an answer. */
async function send(scheme: string, [status, ending]: readonly [number, string], body: BodyWriter | Buffer) {
  Atomics.store(closed, 0, 0);
  const response = await openHttp({}).send({
    method: 'PUT',
    url: new URL(`${scheme}://127.0.0.1:${ports[scheme === 'https' ? 1 : 0]}/${status}/${ending}`),
    headers: { 'content-length': '100000000' },
    body,
    timeoutMs: 10_000,
    tls: { ca, serverName: NAME },
  });
  const text = (await readBody(response, { maxBytes: 100_000, timeoutMs: 10_000 })).toString();
  return { status: response.status, text };
}

/** Writes on after the connection was ended, before anything of the answer could be read. */
const writeBlindly: BodyWriter = async (outgoing) => {
  await new Promise((resolve) => outgoing.write(CHUNK, resolve));
  expect(Atomics.wait(closed, 0, 0, 10_000)).not.toBe('timed-out');
  for (let n = 0; n < 3; n += 1) outgoing.write(CHUNK);
  await once(outgoing, 'close');
};

/** Writes as fast as it is sent, without an end. */
const writeOn: BodyWriter = async (outgoing) => {
  const { promise: isClosed, resolve } = Promise.withResolvers<void>();
  outgoing.on('close', resolve);
  while (!outgoing.destroyed) await Promise.race([isClosed, new Promise((done) => outgoing.write(CHUNK, done))]);
};

describe.each(['http', 'https'])('an answer that comes before the request was sent whole, by %s', (scheme) => {
  test.each(['close', 'reset'])(
    'counts where a write fails before it is read; the server ends with a %s',
    async (end) => {
      for (const status of [400, 401, 403, 413, 507]) {
        expect(await send(scheme, [status, end], writeBlindly)).toEqual({ status, text: ANSWER });
      }
    },
  );

  test.each(['close', 'reset', 'stay'])('counts where it is read first; the server ends with a %s', async (end) => {
    for (const body of [writeOn, Buffer.alloc(20_000_000)]) {
      expect(await send(scheme, [413, end], body)).toEqual({ status: 413, text: ANSWER });
    }
  });

  test('is NETWORK where there is none', async () => {
    await expect(send(scheme, [0, 'reset'], writeBlindly)).rejects.toMatchObject({ code: 'NETWORK' });
  });
});
