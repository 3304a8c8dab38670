import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { resolveImages } from '../../../src/engine/resolve-images.ts';
import { type Clock, systemClock } from '../../../src/io/clock.ts';
import type { RegistryClient } from '../../../src/registry/client.ts';
import { copyImage } from '../../../src/registry/copy-image.ts';
import { findAtDestination } from '../../../src/registry/find-at-destination.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { failureOf, held, type Opened, openPair } from '../registry/copy-world.ts';
import { closeServers, manualClock, openClient } from '../registry/world.ts';

afterEach(closeServers);

const image = buildImage({ seed: 'v1', behaviour: {} });
const LOOK_UP = 'registry:HEAD manifest';

interface World {
  readonly source: Opened;
  readonly destination: Opened;
  readonly client: RegistryClient;
}

async function resolve({ source, destination, client }: World, wanted: { tag?: string; tags?: string[] } = {}) {
  const name = { registry: source.served.registry, repository: 'acme/agent', tag: wanted.tag ?? 'v1', digest: null };
  const copyTo = { registry: destination.served.registry, repository: 'prod/agent' };
  const wishes = { tags: wanted.tags ?? [], platforms: [], copyReferrers: false };
  const [main] = await resolveImages({ images: [{ container: null, name }], copyTo, ...wishes }, client, fakeIo());
  return main!.copy!;
}

async function openWorld(clock = manualClock()): Promise<World> {
  return { ...(await openPair(image)), client: openClient({ clock }) };
}

function tagsAt({ destination }: World) {
  return held(destination)?.tags;
}

test('the tag is looked up at the destination while the image is being resolved, and a copy does not ask again', async () => {
  const world = await openWorld();
  const { source, destination, client } = world;
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  destination.served.intercept = () => {
    ask();
    return false;
  };
  // The source answers only when the destination was asked: otherwise this test does not end.
  source.served.intercept = (_request, response) => {
    source.served.intercept = () => false;
    void asked.then(() => response.writeHead(503).end());
    return true;
  };
  const copy = await resolve(world);
  await copyImage(client, copy);
  expect(destination.served.count(LOOK_UP)).toBe(1);
  expect(tagsAt(world)).toEqual({ v1: image.digest });
});

test('each of the given tags, and not the one of the source', async () => {
  const world = await openWorld();
  await resolve(world, { tags: ['a', 'b'] });
  const paths = world.destination.served.seen.map(({ url }) => url.pathname.split('/').at(-1));
  expect(paths.sort()).toEqual(['a', 'b']);
});

test('an answer is used for 10 s: a tag that came while a run waited for another one is seen', async () => {
  const clock = manualClock();
  for (const { waitedMs, asked } of [
    { waitedMs: 10_000, asked: 1 },
    { waitedMs: 10_001, asked: 2 },
  ]) {
    const world = await openWorld(clock);
    const copy = await resolve(world);
    clock.advance(waitedMs);
    await copyImage(world.client, copy);
    expect(world.destination.served.count(LOOK_UP)).toBe(asked);
  }
});

test('an answer is used once: who asks again wants to know what has changed', async () => {
  const world = await openWorld();
  const { destination } = await resolve(world);
  expect(await findAtDestination(world.client, destination, 'v1')).toBeNull();
  world.destination.registry.seed('prod/agent', 'v1', image);
  expect(await findAtDestination(world.client, destination, 'v1')).toBe(image.digest);
});

test('a destination that fails meanwhile is asked again by the copy', async () => {
  const world = await openWorld();
  const { served } = world.destination;
  served.intercept = (_request, response) => {
    response.writeHead(500).end();
    return true;
  };
  const copy = await resolve(world);
  // Once: the tries are left to the copy.
  expect(served.seen).toHaveLength(1);
  served.intercept = () => false;
  await copyImage(world.client, copy);
  expect(tagsAt(world)).toEqual({ v1: image.digest });
});

test('an image that is not there is told at once, whatever the destination does', async () => {
  const world = await openWorld();
  const { promise: closed, resolve: close } = Promise.withResolvers<string>();
  world.destination.served.intercept = (request) => {
    request.socket.once('close', () => close('closed'));
    return true;
  };
  const failure = await failureOf(resolve(world, { tag: 'v9' }));
  expect(failure).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  // The request is ended too, long before it times out: nothing keeps the process.
  const unended = sleep(5_000, 'still open', { ref: false });
  expect(await Promise.race([closed, unended])).toBe('closed');
});

describe('a login for the destination that is under way when the image is not found', () => {
  async function refuse(login: Promise<null>, clock: Clock) {
    const pair = await openPair(image);
    const { registry } = pair.destination.served;
    const resolveLogin = async (asked: string) => (asked === registry ? await login : null);
    const keychain = { label: 'a cloud', resolve: resolveLogin, traits: () => null };
    pair.destination.served.intercept = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    };
    return await failureOf(resolve({ ...pair, client: openClient({ clock, keychain }) }, { tag: 'v9' }));
  }

  test('has ended when that is told: no signal ends it, and it would keep the process', async () => {
    let hasEnded = false;
    const login = sleep(300).then(() => {
      hasEnded = true;
      return null;
    });
    expect(await refuse(login, systemClock)).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(hasEnded).toBe(true);
  });

  test('is not waited for where it gets no answer', async () => {
    const clock = manualClock();
    expect(await refuse(new Promise(() => {}), clock)).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(clock.sleeps).toContain(5_000);
  });
});
