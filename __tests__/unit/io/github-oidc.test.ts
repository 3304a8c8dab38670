import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { fetchIdToken } from '../../../src/io/github-oidc.ts';
import { neverAborted } from '../../../src/io/signals.ts';
import { type FakeIo, fakeIo } from '../../fixtures/fake-io.ts';

const servers: http.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function jobThatMayAsk(answer: http.RequestListener): Promise<FakeIo> {
  const server = http.createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return fakeIo({
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
    },
  });
}

describe('an identity token of GitHub', () => {
  test('is asked for with the audience, and masked', async () => {
    const seen: string[] = [];
    const io = await jobThatMayAsk((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.end(JSON.stringify({ count: 1, value: 'header.claims.signature' }));
    });

    const token = await fetchIdToken(io, 'https://iam.example.com/pool', neverAborted);

    expect(token).toBe('header.claims.signature');
    expect(io.masked).toEqual([token]);
    expect(seen).toEqual([
      'GET /token?api-version=2&audience=https%3A%2F%2Fiam.example.com%2Fpool Bearer request-token',
    ]);
  });

  test('is asked for again while GitHub has no answer', async () => {
    const statuses = [503, 429, 200];
    const io = await jobThatMayAsk((_, response) => {
      response.writeHead(statuses.shift()!).end(JSON.stringify({ value: 'a.b.c' }));
    });

    expect(await fetchIdToken(io, 'x', neverAborted)).toBe('a.b.c');
  });

  test('is given up after three tries', async () => {
    let asked = 0;
    const io = await jobThatMayAsk((_, response) => {
      asked += 1;
      response.writeHead(500).end();
    });

    await expect(fetchIdToken(io, 'x', neverAborted)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(asked).toBe(3);
  });

  test('needs `id-token: write`', async () => {
    const error = await fetchIdToken(fakeIo(), 'x', neverAborted).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('id-token: write') });
  });

  test.each([
    ['a refusal', 403, '{}', 'status 403', 'AUTH_FAILED'],
    ['a page', 200, '<html>', 'has no token', 'NETWORK'],
    ['a token with a line break in it', 200, JSON.stringify({ value: 'a\r\nx: y' }), 'has no token', 'NETWORK'],
    ['no token', 200, '{"value":""}', 'has no token', 'NETWORK'],
  ])('is not taken from %s', async (_, status, body, why, code) => {
    const io = await jobThatMayAsk((_request, response) => void response.writeHead(status).end(body));

    const error = await fetchIdToken(io, 'x', neverAborted).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code, message: expect.stringContaining(why) });
    expect(String(error)).not.toContain('request-token');
  });

  test('is not taken from an answer without end', async () => {
    const io = await jobThatMayAsk((_, response) => void response.end('x'.repeat(100_000)));

    await expect(fetchIdToken(io, 'x', neverAborted)).rejects.toMatchObject({ code: 'NETWORK' });
  });
});
