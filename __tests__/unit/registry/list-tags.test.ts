import http from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { listTags } from '../../../src/registry/list-tags.ts';
import { resolveImage } from '../../../src/registry/resolve-image.ts';
import { failureOf, openRegistry } from './copy-world.ts';
import { closeServers, listen, openClient } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: {} });

test('all pages are read', async () => {
  const { registry, served } = await openRegistry();
  const tags = Array.from({ length: 2_500 }, (_, index) => `build-${10_000 + index}`);
  for (const tag of tags) registry.seed('acme/agent', tag, image);
  const at = { registry: served.registry, repository: 'acme/agent' };
  expect(await listTags(openClient(), at)).toEqual(tags);
  expect(served.count('registry:GET tags')).toBe(3);
});

describe('a registry that', () => {
  const at = (registry: string) => ({ registry, repository: 'acme/agent' });
  /** Answers every page with the same link. */
  const openLinked = async (link: string) => {
    const asked: string[] = [];
    const registry = await listen(
      http.createServer((request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(200, { 'content-type': 'application/json', link }).end('{"tags":["a"]}');
      }),
    );
    return { registry, pages: () => asked.filter((url) => url.includes('/tags/list')) };
  };

  test('never ends is asked for a bounded number of pages', async () => {
    const { registry, pages } = await openLinked('</v2/acme/agent/tags/list?n=1&last=a>; rel="next"');
    await listTags(openClient(), at(registry));
    expect(pages()).toHaveLength(20);
  });

  test.each([
    '<https://elsewhere.example/v2/acme/agent/tags/list>; rel="next"',
    '</v2/other/tags/list>; rel="next"',
    '<::>',
  ])('points elsewhere (%s) is not followed', async (link) => {
    const { registry, pages } = await openLinked(link);
    expect(await listTags(openClient(), at(registry))).toEqual(['a']);
    expect(pages()).toHaveLength(1);
  });

  test('has no tags at all says null', async () => {
    const registry = await listen(
      http.createServer((_, response) => void response.writeHead(200).end('{"name":"acme/agent","tags":null}')),
    );
    expect(await listTags(openClient(), at(registry))).toEqual([]);
  });
});

test.each([403, 404, 200])(
  'a list of tags that is answered with %s does not hide that the tag is missing',
  async (status) => {
    const { registry, served } = await openRegistry();
    registry.seed('acme/agent', 'v1', image);
    served.intercept = (request, response) => {
      if (!request.url?.includes('/tags/list')) return false;
      response.writeHead(status).end('<html>');
      return true;
    };
    const name = { registry: served.registry, repository: 'acme/agent', tag: 'v2', digest: null };
    const failure = await failureOf(resolveImage(openClient(), name));
    expect(failure).toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      hint: expect.stringContaining('the spelling of the tag'),
    });
  },
);
