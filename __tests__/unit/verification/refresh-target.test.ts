import { readdirSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createTufRepository, type TufRepository } from '../../../simulators/sigstore/tuf-repository.ts';
import { readPublicRoot } from '../../../src/verification/public-root.ts';
import { refreshTarget } from '../../../src/verification/refresh-target.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { closeServers, listen } from '../registry/world.ts';

afterEach(closeServers);

type Answer = (path: string, response: http.ServerResponse) => boolean;

/** Where the repository is served. `answer`: answers a path in another way. */
async function serve({ files }: TufRepository, answer: Answer = () => false): Promise<string> {
  const server = http.createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    if (answer(path, response)) return;
    const found = files.get(path);
    response.writeHead(found ? 200 : 404).end(found ?? 'not found');
  });
  return `http://${await listen(server)}`;
}

const TARGET = ['trusted_root.json', '{"mediaType":"x"}'] as const;

function refresh(mirror: string, { root }: TufRepository, signal = new AbortController().signal): Promise<string> {
  return refreshTarget({ mirror, root, target: TARGET[0] }, { io: fakeIo(), signal });
}

const leftovers = () => readdirSync(os.tmpdir()).filter((name) => name.startsWith('deploy-agent-tuf-'));

describe('the trusted root of a repository', () => {
  test.each([false, true])('is found, where the keys were exchanged: %s', async (isRotated) => {
    const repository = createTufRepository({ target: TARGET, isRotated });
    const before = leftovers();
    expect(await refresh(await serve(repository), repository)).toBe(TARGET[1]);
    expect(leftovers()).toEqual(before);
  });

  test('is refused where it is another one than was signed', async () => {
    const repository = createTufRepository({ target: TARGET });
    const mirror = await serve(repository, (path, response) => {
      if (path.startsWith('targets/')) response.end('{"mediaType":"y"}');
      return path.startsWith('targets/');
    });
    await expect(refresh(mirror, repository)).rejects.toThrow();
  });

  test('is refused where another key signed', async () => {
    const repository = createTufRepository({ target: TARGET });
    const mirror = await serve(createTufRepository({ target: TARGET }));
    await expect(refresh(mirror, repository)).rejects.toThrow('timestamp was signed by 0/1 keys');
  });

  test('is refused where it is out of date', async () => {
    const repository = createTufRepository({ target: TARGET, expires: '2020-01-01T00:00:00Z' });
    await expect(refresh(await serve(repository), repository)).rejects.toThrow('expired');
  });

  test('is refused where the repository sends more than 5 MB', async () => {
    const repository = createTufRepository({ target: TARGET });
    const mirror = await serve(repository, (path, response) => {
      if (path === 'timestamp.json') response.end(Buffer.alloc(5_000_001, ' '));
      return path === 'timestamp.json';
    });
    await expect(refresh(mirror, repository)).rejects.toThrow('longer than 5000000 bytes');
  });

  test('is given up when the signal says so', async () => {
    const repository = createTufRepository({ target: TARGET });
    const controller = new AbortController();
    const mirror = await serve(repository, (path) => {
      if (path === 'timestamp.json') controller.abort(new Error('cancelled'));
      return path === 'timestamp.json';
    });
    await expect(refresh(mirror, repository, controller.signal)).rejects.toThrow('cancelled');
  });
});

describe('the public trusted root', () => {
  test('is the one of this release where it cannot be refreshed, and the log says so', async () => {
    const io = { ...fakeIo(), http: { ...fakeIo().http, send: () => Promise.reject(new Error('no route')) } };
    const root = await readPublicRoot({ io, signal: io.signal });
    expect(root).toMatchObject({ mediaType: expect.stringContaining('trustedroot') });
    expect(io.printed.join('\n')).toContain('Using the Sigstore trusted root of this release');
  });

  test('is not read after a cancel', async () => {
    const io = fakeIo();
    io.cancel(new Error('cancelled'));
    await expect(readPublicRoot({ io, signal: io.signal })).rejects.toThrow('cancelled');
  });
});
