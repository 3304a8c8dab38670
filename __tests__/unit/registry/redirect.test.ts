import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { fixedKeychain } from '../../../src/registry/fixed-keychain.ts';
import { copy, failureOf, held, openPair } from './copy-world.ts';
import { closeServers, openClient } from './world.ts';

afterEach(closeServers);

const single = buildImage({ behaviour: { version: 'v1' } });

describe('a blob on another host', () => {
  test('is read there without the authorization for the registry', async () => {
    const bearer = { kind: 'bearer', users: { robot: 'correct horse' }, anonymousPull: false } as const;
    const { source, destination } = await openPair(single, {
      source: { auth: bearer, redirectBlobsTo: 'localhost' },
    });
    const keychain = fixedKeychain(source.served.registry, { username: 'robot', password: 'correct horse' });
    await copy(openClient({ keychain }), single, { from: source.served, to: destination.served });
    const storage = source.served.seen.filter(({ operation }) => operation === 'registry:GET storage');
    expect(storage).toHaveLength(3);
    expect(storage.map(({ authorization }) => authorization)).toEqual([null, null, null]);
    expect(held(destination)?.tags).toEqual({ v1: single.digest });
  });

  test.each([
    ['http://registry.example/blob', 'not https'],
    ['https://169.254.169.254/latest/meta-data/', 'link-local address'],
    ['https://[::ffff:169.254.169.254]/', 'link-local address'],
    ['https://metadata.google.internal./token', 'link-local address'],
    ['https://user:secret-in-url@registry.example/', 'credentials in it'],
  ])('is not read from %s', async (location, why) => {
    const { source, destination } = await openPair(single);
    source.served.intercept = (request, response) => {
      if (!request.url?.includes('/blobs/')) return false;
      response.writeHead(307, { location }).end();
      return true;
    };
    const failure = await failureOf(copy(openClient(), single, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('REGISTRY_FAILED');
    expect(failure.message).toContain(why);
    expect(failure.message).not.toContain('secret-in-url');
  });

  test('is not looked for in a circle', async () => {
    const { source, destination } = await openPair(single);
    source.served.intercept = (request, response) => {
      if (!request.url?.includes('/blobs/')) return false;
      response.writeHead(307, { location: request.url }).end();
      return true;
    };
    const failure = await failureOf(copy(openClient(), single, { from: source.served, to: destination.served }));
    expect(failure.message).toContain('more than 5 redirects');
  });
});

describe('a push that is redirected', () => {
  const robot = { username: 'robot', password: 'correct horse' };
  const bearer = { kind: 'bearer', users: { robot: robot.password }, anonymousPull: false } as const;

  /** Whatever is sent with this method goes on at `origin`. */
  async function pushThrough(method: string, status: number, origin: string) {
    const { source, destination } = await openPair(single, { destination: { auth: bearer } });
    destination.served.intercept = ({ method: got, url = '' }, response) => {
      if (got !== method || url.includes('moved=')) return false;
      response.writeHead(status, { location: `${origin}${url}${url.includes('?') ? '&' : '?'}moved=1` }).end();
      return true;
    };
    const keychain = fixedKeychain(destination.served.registry, robot);
    const copying = copy(openClient({ keychain }), single, { from: source.served, to: destination.served });
    return { copying, isThere: () => held(destination)?.tags['v1'] === single.digest };
  }

  test.each([307, 308])('with %i on its own host is sent there, with the login', async (status) => {
    const { copying, isThere } = await pushThrough('POST', status, '');
    await copying;
    expect(isThere()).toBe(true);
  });

  test.each([
    ['POST', 307, 'https://other.example'],
    ['POST', 302, ''],
    ['PUT', 307, ''],
  ])('as a %s with %i to "%s" is an error', async (method, status, origin) => {
    const { copying, isThere } = await pushThrough(method, status, origin);
    expect(await failureOf(copying)).toMatchObject({
      code: 'REGISTRY_FAILED',
      message: expect.stringMatching(/: 30\d/),
    });
    expect(isThere()).toBe(false);
  });
});

test.each([
  ['POST', '/blobs/uploads/', 301, 'https://mirror.example/v2/x?sig=secret-in-url', 'https://mirror.example'],
  ['PUT', '/blobs/uploads/', 307, 'https://mirror.example/v2/x?sig=secret-in-url', 'https://mirror.example'],
  ['PUT', '/manifests/', 302, 'http://mirror.example/v2/x?sig=secret-in-url', 'http://mirror.example'],
])(
  'a %s to %s that is answered with %i names where the push was to go',
  async (method, part, status, location, origin) => {
    const { source, destination } = await openPair(single);
    destination.served.intercept = (request, response) => {
      if (request.method !== method || !request.url?.includes(part)) return false;
      request.resume().once('end', () => response.writeHead(status, { location }).end());
      return true;
    };
    const failure = await failureOf(copy(openClient(), single, { from: source.served, to: destination.served }));
    expect(failure).toMatchObject({
      code: 'REGISTRY_FAILED',
      message: expect.stringContaining(`: ${status}, to ${origin}`),
      hint: expect.stringContaining('not followed'),
    });
    expect(failure.message).not.toContain('secret-in-url');
  },
);
