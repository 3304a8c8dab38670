import type http from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { COPY, openTimeLimit } from '../../../src/engine/time-limit.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { copy, failureOf, openPair } from '../registry/copy-world.ts';
import { closeServers, openClient } from '../registry/world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: { version: 'v1' } });

/** A limit whose time is up when the test says so. */
function openLimit(signal = new AbortController().signal) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const io = { ...fakeIo(), clock: { now: () => 0, sleep: () => promise } };
  return { limit: openTimeLimit({ io, signal }), timeIsUp: resolve };
}

describe('a time limit', () => {
  test('ends a copy from a registry that trickles, with both of its connections', async () => {
    const { source, destination } = await openPair(image);
    const { limit, timeIsUp } = openLimit();
    const closed = new Set<http.IncomingMessage>();
    source.served.intercept = (request, response) => {
      if (request.method !== 'GET' || !request.url?.includes('/blobs/')) return false;
      response.writeHead(200, { 'content-length': '1000000' });
      // Fewer than the blob has: one that is too long would be given up by itself.
      let sent = 0;
      const trickle = setInterval(() => ++sent < 20 && response.write('x'), 5);
      response.on('close', () => closed.add(request) && clearInterval(trickle));
      setImmediate(timeIsUp);
      return true;
    };
    const client = openClient({ signal: limit.signal, clock: systemClock });
    const failure = await failureOf(
      limit.run(COPY, 5_000, () => copy(client, image, { from: source.served, to: destination.served })),
    );
    expect(failure).toMatchObject({
      ...{ code: 'TIMEOUT', message: expect.stringContaining('could not copy the image:') },
      hint: expect.stringContaining('blobs that are already present are not copied again'),
    });
    const giveUpAt = performance.now() + 10_000;
    while (closed.size === 0 && performance.now() < giveUpAt) await new Promise(setImmediate);
    expect(closed.size).toBeGreaterThan(0);
    expect(destination.served.count('registry:PUT upload')).toBe(0);
  });

  test('ends what does not listen to its signal', async () => {
    const { limit, timeIsUp } = openLimit();
    timeIsUp();
    const failure = await failureOf(limit.run('find the service', 5_000, () => new Promise(() => {})));
    expect(failure).toMatchObject({ code: 'TIMEOUT', hint: expect.stringMatching(/network, proxy.*`timeout`/) });
    expect(limit.signal.reason).toBe(failure);
  });

  test('hands on what is thrown, and is not aborted when it is done in time', async () => {
    const { limit } = openLimit();
    await expect(limit.run('find the service', 5_000, async () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await limit.run('find the service', 5_000, async () => 'found')).toBe('found');
    expect(limit.signal.aborted).toBe(false);
  });

  test('is aborted by a cancel, for the reason of the cancel', async () => {
    const job = new AbortController();
    const { limit } = openLimit(job.signal);
    const running = limit.run('copy the image', 5_000, async () => {
      job.abort(new Error('cancelled'));
      limit.signal.throwIfAborted();
    });
    await expect(running).rejects.toThrow('cancelled');
  });
});
