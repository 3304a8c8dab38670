import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { runStage } from '../../simulators/runner.ts';
import { dist, source } from './agent.ts';

const servers: http.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: http.RequestListener = () => {}) {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  let connections = 0;
  const requests: string[] = [];
  server.on('connection', () => {
    connections += 1;
  });
  server.on('request', ({ url }) => void requests.push(url ?? ''));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    requests,
  };
}

/** In real time: on the way to simulated clouds is a proxy, and behind one no connection is opened early. */
test('the registries are connected to while the service is looked up, and get no request when it is not found', async () => {
  const from = await serve();
  const to = await serve();
  let atFirstCall: readonly number[] = [];
  const cloud = await serve((_request, response) => {
    // The first call is answered when they are there, and after 10 s when they are not.
    const isConnected = (): boolean => from.connections() + to.connections() >= 4;
    const answer = async (): Promise<void> => {
      for (let waits = 0; waits < 200 && !isConnected(); waits += 1) await sleep(50);
      if (atFirstCall.length === 0) atFirstCall = [from.connections(), to.connections()];
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'no' }));
    };
    void answer();
  });
  const { exitCode, outputs } = await runStage({
    entry: (process.env['SCENARIOS_ON'] === 'dist' ? dist : source).main,
    inputs: {
      target: 'ecs',
      image: `${from.host}/acme/agent:v2`,
      'copy-to': `${to.host}/prod/agent`,
      cluster: 'production',
      service: 'agent',
      region: 'eu-west-1',
    },
    env: {
      AWS_ENDPOINT_URL: `http://${cloud.host}`,
      AWS_ACCESS_KEY_ID: 'AKIASIMULATED0000000',
      AWS_SECRET_ACCESS_KEY: 'simulated/Secret+Access/Key0000000000000',
    },
  });
  expect({ exitCode, outcome: outputs['outcome'] }).toEqual({ exitCode: 1, outcome: 'refused' });
  expect(cloud.requests.length).toBeGreaterThan(0);
  expect(atFirstCall).toEqual([2, 2]);
  expect([...from.requests, ...to.requests]).toEqual([]);
});
