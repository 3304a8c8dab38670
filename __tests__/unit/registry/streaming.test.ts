import http from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import type { Digest } from '../../../src/model/image.ts';
import { copyImage } from '../../../src/registry/copy-image.ts';
import { failureOf, openRegistry, withManifest } from './copy-world.ts';
import { closeServers, listen, openClient } from './world.ts';

afterEach(closeServers);

test('a source that is faster than the destination has to wait: a blob is never held in memory', async () => {
  const size = 96 * 1024 * 1024;
  const chunk = Buffer.alloc(64 * 1024);
  const image = buildImage({ behaviour: {}, layers: 1 });
  const huge = withManifest(image, (manifest) => ({ ...manifest, layers: [{ ...manifest.layers[0]!, size }] }));
  const source = await openRegistry();
  source.registry.seed('acme/agent', 'v1', huge);
  let sent = 0;
  let received = 0;
  let mostUnderWay = 0;
  source.served.intercept = (request, response) => {
    if (!request.url?.endsWith(huge.blobs[1]!.digest)) return false;
    response.writeHead(200, { 'content-length': String(size) });
    const pump = (): void => {
      if (sent === size) return void response.end();
      sent += chunk.length;
      response.write(chunk, pump);
    };
    pump();
    return true;
  };
  const destination = await listen(
    http.createServer((request, response) => {
      const location = '/v2/prod/agent/blobs/uploads/1';
      if (request.method === 'POST') return void response.writeHead(202, { location }).end();
      if (request.method !== 'PUT') return void response.writeHead(request.url === '/v2/' ? 200 : 404).end();
      request.on('data', (bytes: Buffer) => {
        received += bytes.length;
        mostUnderWay = Math.max(mostUnderWay, sent - received);
        request.pause();
        afterTurns(8, () => request.resume());
      });
    }),
  );
  const running = copyImage(openClient(), {
    source: { registry: source.served.registry, repository: 'acme/agent', tag: null, digest: huge.digest as Digest },
    destination: { registry: destination, repository: 'prod/agent', tags: ['v1'] },
  });
  // The content is not what the digest says: that comes out at the end, so all of it has passed by then.
  expect((await failureOf(running)).code).toBe('IMAGE_INVALID');
  expect(sent).toBe(size);
  expect(mostUnderWay).toBeLessThan(size / 3);
});

/** Slower than the source by turns of the event loop, not by time. */
function afterTurns(turns: number, done: () => void): void {
  if (turns === 0) done();
  else setImmediate(() => afterTurns(turns - 1, done));
}
