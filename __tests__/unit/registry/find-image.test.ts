import { afterEach, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { findImage } from '../../../src/registry/find-image.ts';
import { openRegistry } from './copy-world.ts';
import { closeServers, openClient } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: {} });

async function given() {
  const { registry, served } = await openRegistry();
  registry.seed('acme/agent', 'v1', image);
  return { served, find: (name: string) => findImage(openClient(), `${served.registry}/acme/${name}`) };
}

test('an image that the registry has costs one HEAD, which is not counted as a pull', async () => {
  const { served, find } = await given();
  expect(await find(`agent@${image.digest}`)).toBe('there');
  expect(served.seen.map(({ operation }) => operation)).toEqual(['registry:HEAD manifest']);
});

test('an image is missing where the registry says that its manifest is unknown', async () => {
  const { find } = await given();
  expect(await find(`agent@sha256:${'0'.repeat(64)}`)).toBe('missing');
  expect(await find('agent:v0')).toBe('missing');
});

test.each([
  ['a 404 that is not about the manifest', 404, ''],
  ['a refusal', 403, '{"errors":[{"code":"DENIED"}]}'],
  ['a web page', 200, '<html></html>'],
])('%s is no evidence', async (_, status, body) => {
  const { served, find } = await given();
  served.intercept = (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(body);
    return true;
  };
  expect(await find('agent:v1')).toBe(status === 200 ? 'there' : 'unknown');
});

test('a name that is none is no evidence', async () => {
  expect(await findImage(openClient(), 'not an image')).toBe('unknown');
});
