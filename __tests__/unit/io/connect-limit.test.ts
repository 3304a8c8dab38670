import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { limitConnecting } from '../../../src/io/connect-limit.ts';
import { openHttp } from '../../../src/io/http.ts';

let server: http.Server | null = null;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serveSlowly(answersAfterMs: number) {
  server = http.createServer(async (_request, response) => {
    await sleep(answersAfterMs);
    response.end('late');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('a connection that is not made is given up, with a code that SDKs know as one that may pass', async () => {
  const agent = new http.Agent();
  limitConnecting(agent, 50);
  const request = http.get({ host: 'registry.example', agent, lookup: () => undefined });
  const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException];
  expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'no connection within 0.05 s' });
});

test('one that is made may take as long as it wants to answer', async () => {
  const url = await serveSlowly(200);
  const agent = new http.Agent();
  limitConnecting(agent, 50);
  const [response] = (await once(http.get(url, { agent }), 'response')) as [http.IncomingMessage];
  expect(await response.toArray()).toEqual([Buffer.from('late')]);
});

test.each([
  ['http', {}],
  ['https', {}],
  ['https', { HTTPS_PROXY: 'http://proxy.example:3128' }],
] as const)('the agent for %s of a run has it, with %j', (scheme, env) => {
  const client = openHttp(env);
  const set = jest.spyOn(globalThis, 'setTimeout');
  const agent = scheme === 'http' ? client.httpAgent : client.httpsAgent;
  const socket = agent.createConnection({ host: 'registry.example', port: 443, lookup: () => undefined }) as Socket;
  expect(set.mock.calls.map(([, ms]) => ms)).toContain(10_000);
  set.mockRestore();
  socket.destroy();
});
