import type { LookupFunction } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { parseSmokeTests } from '../../../../src/inputs/smoke-tests.ts';
import { smokeTestGuards } from '../../../../src/io/address-guard.ts';
import { type HttpRequest, openHttp, readBody } from '../../../../src/io/http.ts';
import type { Networks } from '../../../../src/model/smoke-test.ts';
import { answer, closeServices, openService, openWorld } from './world.ts';

afterEach(closeServices);

const parse = (yaml: string, networks: Networks) =>
  parseSmokeTests(yaml, { readFile: () => '' }, { networks, passedVariables: [] });

describe('with `deny-private-networks: true`', () => {
  test.each([
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '127.0.0.1',
    '0x7f000001',
    '198.18.0.1',
    '[::1]',
    '[fd12:3456::1]',
    '[fec0::1]',
    '[::ffff:10.1.2.3]',
    '[::ffff:7f00:1]',
    '[64:ff9b::10.1.2.3]',
    '[64:ff9b:1::10.1.2.3]',
    '[2002:a00:1::]',
    '[2001:0:4136:e378:8000:63bf:f5ff:fffe]',
    '[2001:db8::5efe:10.1.2.3]',
  ])('nothing is sent to %s', async (host) => {
    const world = openWorld();
    const sent = jest.spyOn(world.io.http, 'send');
    const [result] = await world.run('', { tests: parse(`- GET http://${host}/`, 'public') });
    expect(sent).not.toHaveBeenCalled();
    expect(result).toMatchObject({ passed: false, attempts: 1, detail: expect.stringMatching(/^could not request/) });
  });

  test.each(['0', '169.254.1.1', '169.254.169.254', '[fe80::1]'])('%s is refused when it is read', (host) => {
    expect(() => parse(`- GET http://${host}/`, 'any')).toThrow('never called');
  });

  test('a name is checked when it is connected to: localhost is refused, with the cause', async () => {
    const service = await openService(answer(200));
    const url = service.url.replace('127.0.0.1', 'localhost');
    const [result] = await openWorld().run('', { tests: parse(`- GET ${url}/`, 'public') });
    expect(service.received).toEqual([]);
    expect(result!.detail).toBe(
      'could not request localhost: it is in a private network, which `deny-private-networks` refuses. ' +
        'Name the public address of the service, or remove `deny-private-networks`.',
    );
  });

  test('the base URL of the service is checked as well', async () => {
    const service = await openService(answer(200));
    const endpoint = { url: service.url, headers: async () => ({}) };
    const [result] = await openWorld().run('', { endpoint, tests: parse('- GET /', 'public') });
    expect({ received: service.received, passed: result!.passed }).toEqual({ received: [], passed: false });
  });

  test('each redirect is checked, however the address is written', async () => {
    const world = openWorld();
    const urls: string[] = [];
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '[fd00::1]']) {
      const redirect = await openService(answer(302, '', { location: `http://${host}:9/` }));
      // Answers for a public host, as no test may call one.
      const send = async (request: HttpRequest) => {
        urls.push(request.url.href);
        if (request.url.hostname !== 'agent.acme.dev') return openHttp({}).send(request);
        return await openHttp({}).send({ method: 'GET', url: new URL(redirect.url), timeoutMs: 5_000 });
      };
      const io = { ...world.io, http: { ...world.io.http, send } };
      const [result] = await runOn(io, parse('- GET http://agent.acme.dev/: {cross-origin-redirects: true}', 'public'));
      expect(result!.detail).toContain('which `deny-private-networks` refuses');
    }
    expect(urls.filter((url) => !url.includes('acme'))).toEqual(['http://localhost:9/']);
  });

  test('a connection that was opened without the check is not used again', async () => {
    const service = await openService(answer(200));
    const client = openHttp({});
    const url = new URL(service.url.replace('127.0.0.1', 'localhost'));
    const send = async (lookup?: LookupFunction) => {
      const response = await client.send({ method: 'GET', url, timeoutMs: 5_000, ...(lookup ? { lookup } : {}) });
      await readBody(response, { maxBytes: 10, timeoutMs: 5_000 });
    };
    await send();
    await send(smokeTestGuards.any.lookup);
    await expect(send(smokeTestGuards.public.lookup)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(service.received).toHaveLength(2);
  });

  test('behind a proxy, a name that stands for a private address here is refused before the proxy is asked', async () => {
    const proxy = await openService(answer(200));
    const client = openHttp({ HTTP_PROXY: proxy.url });
    const sent = client.send({
      method: 'GET',
      url: new URL('http://localhost/'),
      timeoutMs: 5_000,
      lookup: smokeTestGuards.public.lookup,
    });
    await expect(sent).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(proxy.received).toEqual([]);
  });
});

test('without it, private addresses are reached as ever', async () => {
  const service = await openService(answer(200));
  const [result] = await openWorld().run('', { tests: parse(`- GET ${service.url}/`, 'any') });
  expect(result!.passed).toBe(true);
});

async function runOn(io: ReturnType<typeof openWorld>['io'], tests: ReturnType<typeof parse>) {
  const world = openWorld();
  Object.assign(world.io, io);
  return await world.run('', { tests });
}
