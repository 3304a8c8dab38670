import type http from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { copy, failureOf, held, openCopier, openPair, openRegistry } from './copy-world.ts';
import { closeServers, type Intercept } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: { version: 'v1' } });
const LOOK_UP = 'registry:HEAD blob';

function answer(response: http.ServerResponse, status: number, code?: string): true {
  const body = code === undefined ? '' : JSON.stringify({ errors: [{ code, message: 'as it says' }] });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  return true;
}

/** Refuses so many pushes of a manifest. */
function refusing(times: number, code: string): Intercept {
  let refused = 0;
  return (request, response) => {
    const isPush = request.method === 'PUT' && (request.url ?? '').includes('/manifests/');
    if (!isPush || refused >= times) return false;
    refused += 1;
    request.resume();
    return answer(response, 400, code);
  };
}

describe('a blob that a registry says it has mounted', () => {
  test.each([
    { why: 'is not looked up where what is stored is verified', verifiesBlobs: true, lookedUp: image.blobs.length },
    { why: 'is looked up elsewhere', verifiesBlobs: false, lookedUp: 2 * image.blobs.length },
  ])('$why', async ({ verifiesBlobs, lookedUp }) => {
    const { registry, served } = await openRegistry();
    registry.seed('acme/agent', 'v1', image);
    const { statistics } = await copy(openCopier(verifiesBlobs), image, { from: served, to: served });
    expect(statistics).toMatchObject({ mountedBlobs: image.blobs.length, copiedBlobs: 0 });
    expect(served.count(LOOK_UP)).toBe(lookedUp);
  });

  test.each([true, false])('and has not is sent (a registry that verifies: %s)', async (verifiesBlobs) => {
    const { registry, served } = await openRegistry();
    registry.seed('acme/agent', 'v1', image);
    served.intercept = ({ url }, response) => (url ?? '').includes('mount=') && answer(response, 201);
    const { statistics } = await copy(openCopier(verifiesBlobs), image, { from: served, to: served });
    expect(statistics).toMatchObject({ copiedBlobs: image.blobs.length, mountedBlobs: 0 });
    expect(registry.snapshot().repositories['prod/agent']?.tags).toEqual({ v1: image.digest });
  });
});

describe('a manifest that is refused as a blob is unknown', () => {
  test.each(['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'BLOB_UPLOAD_UNKNOWN'])(
    'has its blobs looked up (%s)',
    async (code) => {
      const { source, destination } = await openPair(image);
      destination.served.intercept = refusing(1, code);
      const client = openCopier(true);
      const { statistics } = await copy(client, image, { from: source.served, to: destination.served });
      // By then they are there.
      expect(statistics).toMatchObject({ copiedBlobs: 0, skippedBlobs: image.blobs.length });
      expect(held(destination)?.tags).toEqual({ v1: image.digest });
    },
  );

  test.each([
    { why: 'twice is refused for good', times: 2, code: 'MANIFEST_BLOB_UNKNOWN', pushes: 2 },
    { why: 'for another reason is refused at once', times: 1, code: 'MANIFEST_INVALID', pushes: 1 },
  ])('$why', async ({ times, code, pushes }) => {
    const { source, destination } = await openPair(image);
    destination.served.intercept = refusing(times, code);
    const client = openCopier(true);
    const failure = await failureOf(copy(client, image, { from: source.served, to: destination.served }));
    expect(failure.message).toContain(code);
    const pushed = destination.served.seen.filter(({ operation }) => operation === 'registry:PUT manifest');
    expect(pushed).toHaveLength(pushes);
  });
});
