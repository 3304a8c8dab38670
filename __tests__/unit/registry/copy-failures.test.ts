import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { copy, failureOf, held, openPair } from './copy-world.ts';
import { closeServers, manualClock, openClient } from './world.ts';

afterEach(closeServers);

const single = buildImage({ behaviour: { version: 'v1' } });

describe('what goes wrong on the way', () => {
  const large = buildImage({ behaviour: {}, layers: 2, layerBytes: 3_000_000 });
  const layer = large.blobs[1]!;

  test.each([
    ['has one wrong byte', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1)! ^ 1])])],
    ['is too long', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
    ['is empty', () => Buffer.alloc(0)],
  ])('a source blob that %s is refused and never completed at the destination', async (_name, damage) => {
    const { source, destination } = await openPair(large);
    source.served.intercept = (request, response) => {
      if (!request.url?.endsWith(layer.digest)) return false;
      response.writeHead(200).end(damage(layer.bytes));
      return true;
    };
    const failure = await failureOf(copy(openClient(), large, { from: source.served, to: destination.served }));
    expect(['IMAGE_INVALID', 'NETWORK']).toContain(failure.code);
    expect(failure.message).toContain(layer.digest);
    const put = destination.served.seen.filter(({ url }) => url.searchParams.get('digest') === layer.digest);
    expect(put.filter(({ completed }) => completed)).toEqual([]);
    expect(held(destination)?.manifests).toEqual([]);
    expect(held(destination)?.tags).toEqual({});
  });

  test('a download that breaks off goes on where it broke, into the upload that stayed open', async () => {
    const { source, destination } = await openPair(large);
    const ranges: (string | undefined)[] = [];
    source.served.intercept = (request, response) => {
      if (!request.url?.endsWith(layer.digest)) return false;
      ranges.push(request.headers.range);
      if (ranges.length > 1) return false;
      response.writeHead(200, { 'content-length': String(layer.bytes.length) });
      response.write(layer.bytes.subarray(0, 1_000_000), () => request.socket.destroy());
      return true;
    };
    await copy(openClient(), large, { from: source.served, to: destination.served });
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
    expect(ranges).toHaveLength(2);
    expect(destination.served.count('registry:POST upload')).toBe(large.blobs.length);
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
  });

  test('a source that knows no Range sends all again, and the upload gets each byte once', async () => {
    const { source, destination } = await openPair(large);
    let sent = 0;
    source.served.intercept = (request, response) => {
      if (!request.url?.endsWith(layer.digest)) return false;
      sent += 1;
      response.writeHead(200, { 'content-length': String(layer.bytes.length) });
      if (sent > 1) response.end(layer.bytes);
      else response.write(layer.bytes.subarray(0, 1_000_000), () => request.socket.destroy());
      return true;
    };
    await copy(openClient(), large, { from: source.served, to: destination.served });
    expect(sent).toBe(2);
    expect(destination.served.count('registry:POST upload')).toBe(large.blobs.length);
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
  });

  test('the first retry comes within a quarter of a second, and not all at once', async () => {
    const { source, destination } = await openPair(single);
    const refused = new Set<string>();
    destination.served.intercept = (request) => {
      if (request.method !== 'PUT' || !request.url?.includes('/uploads/')) return false;
      const digest = new URL(request.url, 'http://x').searchParams.get('digest') ?? '';
      if (refused.has(digest)) return false;
      refused.add(digest);
      request.socket.destroy();
      return true;
    };
    const clock = manualClock();
    await copy(openClient({ clock }), single, { from: source.served, to: destination.served });
    expect(clock.sleeps).toHaveLength(single.blobs.length);
    for (const ms of clock.sleeps) {
      expect(ms).toBeGreaterThanOrEqual(125);
      expect(ms).toBeLessThanOrEqual(250);
    }
  });

  test('an upload that breaks off is begun again in a new session', async () => {
    const { source, destination } = await openPair(large);
    const sessions = new Set<string>();
    destination.served.intercept = (request) => {
      if (request.method !== 'PUT' || !request.url?.includes(encodeURIComponent(layer.digest))) return false;
      sessions.add(new URL(request.url, 'http://x').pathname);
      if (sessions.size > 1) return false;
      request.once('data', () => request.socket.destroy());
      return true;
    };
    await copy(openClient(), large, { from: source.served, to: destination.served });
    expect(sessions.size).toBe(2);
    expect(held(destination)).toEqual(held(source, 'acme/agent'));
  });

  test('a connection that always breaks before much has come is given up after four tries', async () => {
    const { source, destination } = await openPair(large);
    let tries = 0;
    source.served.intercept = (request, response) => {
      if (!request.url?.endsWith(layer.digest)) return false;
      tries += 1;
      response.writeHead(200, { 'content-length': String(layer.bytes.length) });
      response.write(layer.bytes.subarray(0, 1_000), () => request.socket.destroy());
      return true;
    };
    const failure = await failureOf(copy(openClient(), large, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('NETWORK');
    expect(failure.message).toContain(source.served.registry);
    expect(tries).toBe(4);
  });

  test('a registry that asks to wait is asked again when it said', async () => {
    const { source, destination } = await openPair(single);
    let refused = false;
    destination.served.intercept = (request, response) => {
      if (refused || request.method !== 'PUT' || !request.url?.includes('/manifests/')) return false;
      refused = true;
      response.writeHead(429, { 'retry-after': '7' }).end();
      return true;
    };
    const clock = manualClock();
    const { statistics } = await copy(openClient({ clock }), single, { from: source.served, to: destination.served });
    expect(clock.sleeps).toEqual([7_000]);
    expect(statistics.durationMs).toBe(7_000);
  });

  test('an upload session that is always refused is not asked for again by every loop', async () => {
    const { source, destination } = await openPair(single);
    destination.served.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(503).end();
      return true;
    };
    const failure = await failureOf(copy(openClient(), single, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('NETWORK');
    const posts = destination.served.seen.filter(({ operation }) => operation === 'registry:POST upload');
    expect(posts.length).toBeLessThanOrEqual(single.blobs.length * 5);
  });

  test('a registry that always says "later" ends as THROTTLED, and never waits longer than a minute at once', async () => {
    const { source, destination } = await openPair(single);
    destination.served.intercept = (request, response) => {
      if (request.method !== 'PUT' || !request.url?.includes('/manifests/')) return false;
      response.writeHead(429, { 'retry-after': '240' }).end();
      return true;
    };
    const clock = manualClock();
    const failure = await failureOf(
      copy(openClient({ clock }), single, { from: source.served, to: destination.served }),
    );
    expect(failure.code).toBe('THROTTLED');
    expect(new Set(clock.sleeps)).toEqual(new Set([60_000]));
  });

  test('a cancelled job stops the copy with the reason of the signal', async () => {
    const { source, destination } = await openPair(large);
    const job = new AbortController();
    const reason = new DeployError('CANCELLED', 'the job was cancelled');
    source.served.intercept = (request, response) => {
      if (!request.url?.endsWith(layer.digest)) return false;
      response.writeHead(200, { 'content-length': String(layer.bytes.length) });
      response.write(layer.bytes.subarray(0, 1_000), () => job.abort(reason));
      return true;
    };
    const client = openClient({ signal: job.signal });
    expect(await failureOf(copy(client, large, { from: source.served, to: destination.served }))).toBe(reason);
    expect(held(destination)?.tags ?? {}).toEqual({});
  });

  test('a registry that does not say what it stored is read back, and has to have what was pushed', async () => {
    const { source, destination } = await openPair(single);
    const other = buildImage({ behaviour: { version: 'v0' } });
    destination.served.intercept = (request, response) => {
      const isTag = request.url?.endsWith('/manifests/v1');
      if (!isTag || request.method !== 'PUT') return false;
      destination.registry.seed('prod/agent', 'v1', other);
      request.resume().on('end', () => response.writeHead(201).end());
      return true;
    };
    const failure = await failureOf(copy(openClient(), single, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('REGISTRY_FAILED');
    expect(failure.message).toContain(other.digest);
  });
});
