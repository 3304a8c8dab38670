import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { ECR_HOST } from '../../simulators/world.ts';
import { openHealthServer } from '../unit/engine/smoke-tests/grpc-server.ts';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

/** In real time, as these servers are on no simulated cloud; an unchanged service runs its smoke tests, and rolls nothing out. */
async function testUnchanged(smokeTests: string) {
  const agent = await givenAgent();
  const login = { 'registry-username': '', 'registry-password': '' };
  const inputs = { image: `${ECR_HOST}/agent:v1`, 'copy-to': '', ...login, 'smoke-tests': smokeTests };
  return await agent.runStage('main', inputs, { pool: null, env: { NODE_OPTIONS: '' } });
}

test('gRPC and WebSockets are tested from dist, each by what is loaded for it', async () => {
  const health = await openHealthServer({ '': 1, 'acme.Agent': 2 });
  const chat = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  chat.on('connection', (channel) => channel.on('message', (data) => channel.send(`echo ${data}`)));
  await once(chat, 'listening');
  const { port } = chat.address() as AddressInfo;
  const grpc = `grpc: health, url: 'http://127.0.0.1:${health.port}'`;
  try {
    const socket = `- { websocket: 'ws://127.0.0.1:${port}/chat', send: { a: 1 }, contains: 'echo {"a":1}' }`;
    const good = await testUnchanged(`- { ${grpc} }\n${socket}`);
    expect({ ...good, log: good.log.slice(-2_000) }).toMatchObject({ exitCode: 0, outputs: { outcome: 'unchanged' } });
    expect(good.log).toMatch(/✓ grpc: health: SERVING in /);
    expect(good.log).toMatch(/✓ websocket: ws:\/\/127\.0\.0\.1:\d+\/chat: answered in /);
    const bad = await testUnchanged(`- { ${grpc}, service: acme.Agent, retry-for: 0s }\n${socket}`);
    expect(bad).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(bad.log).toContain('expected SERVING, got NOT_SERVING');
    expect(bad.log).toContain('not run: "grpc: health acme.Agent" failed before it');
  } finally {
    health.close();
    for (const client of chat.clients) client.terminate();
    chat.close();
  }
});
