import type { AccessToken, TokenCredential } from '@azure/identity';
import { describe, expect, test } from '@jest/globals';
import { openResourceManager } from '../../../../src/clouds/azure/resource-manager.ts';
import { openTokens } from '../../../../src/clouds/azure/tokens.ts';
import type { HttpRequest } from '../../../../src/io/http.ts';
import { type Answer, openWire } from './wire-fake.ts';

const call = { what: 'read container app agent', action: 'Microsoft.App/containerApps/read' };
const path = '/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/agent';
const authorization = ({ headers = {} }: HttpRequest) => headers['authorization'] ?? headers['Authorization'];

function open(answer: (request: HttpRequest, nth: number) => Answer, lifetimeMs = 3_600_000) {
  const wire = openWire(answer);
  let issued = 0;
  const login = (): TokenCredential => ({
    getToken: async (): Promise<AccessToken> => ({
      token: `token-number-${++issued}`,
      expiresOnTimestamp: wire.io.clock.now() + lifetimeMs,
    }),
  });
  const tokens = openTokens(login, wire.io);
  return { ...wire, arm: openResourceManager({ subscription: 's', tokens }, wire.io) };
}

describe('Azure Resource Manager', () => {
  test('is read as it is on the wire: a field that no client knows is there', async () => {
    const document = {
      id: '/agent',
      properties: { template: { containers: [{ name: 'web', fieldOfTomorrow: [1] }] } },
    };
    const { arm, sent } = open(() => ({ body: document }));
    expect((await arm.send({ ...call, method: 'GET', path })).body).toEqual(document);
    expect(String(sent[0]!.url)).toBe(`https://management.azure.com${path}?api-version=2026-07-01`);
    expect(authorization(sent[0]!)).toBe('Bearer token-number-1');
  });

  test('is written as it is given', async () => {
    const body = { properties: { template: { futureField: 1, containers: [] } } };
    const headers = { 'azure-asyncoperation': 'https://management.azure.com/operations/1' };
    const { arm, sent } = open(() => ({ status: 202, headers }));
    const { operationUrl } = await arm.send({ ...call, method: 'PATCH', path, body });
    expect(JSON.parse(String(sent[0]!.body))).toEqual(body);
    expect(operationUrl).toBe('https://management.azure.com/operations/1');
  });

  test.each([
    ['retry-after-ms', '7200000'],
    ['x-ms-retry-after-ms', '7200000'],
    ['retry-after', '7200'],
    ['retry-after', new Date(Date.now() + 7_200_000).toUTCString()],
  ])('that asks for hours by %s is not waited for: %s', async (name, wait) => {
    const { arm, sent, io } = open(() => ({ status: 429, headers: { [name]: wait }, body: {} }));
    io.clock.now = Date.now;
    const sending = arm.send({ ...call, method: 'GET', path });
    await expect(sending).rejects.toMatchObject({ code: 'THROTTLED' });
    expect(sent).toHaveLength(1);
  });

  test('that refuses a token gets a new one, once', async () => {
    const { arm, sent, io } = open((_request, nth) => (nth === 1 ? { status: 401 } : { body: { id: '/agent' } }));
    await arm.send({ ...call, method: 'GET', path });
    expect(sent.map(authorization)).toEqual(['Bearer token-number-1', 'Bearer token-number-2']);
    expect(io.masked).toEqual(['token-number-1', 'token-number-2']);
    const refusing = open(() => ({ status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } }));
    await expect(refusing.arm.send({ ...call, method: 'GET', path })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    expect(refusing.sent).toHaveLength(2);
  });

  test('gets a token that is good for two more minutes', async () => {
    const { arm, sent } = open(() => ({ body: { id: '/agent' } }), 100_000);
    await arm.send({ ...call, method: 'GET', path });
    await arm.send({ ...call, method: 'GET', path });
    expect(sent.map(authorization)).toEqual(['Bearer token-number-1', 'Bearer token-number-2']);
  });

  test('is followed only where our token may go', async () => {
    const { arm, sent } = open(() => ({ body: { status: 'Succeeded' } }));
    await expect(arm.follow('https://evil.test/operations/1', call)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(sent).toEqual([]);
    expect(await arm.follow('https://management.azure.com/operations/1', call)).toEqual({ status: 'Succeeded' });
  });

  test.each([
    ['<html>', 'the API answered with a web page instead of JSON'],
    ['{}', 'the answer has no id or value or status'],
    ['null', 'the answer is not a JSON object'],
  ])('a read that is answered %s is sent again, and then named', async (body, why) => {
    const { arm, sent } = open(() => ({ body }));
    await expect(arm.send({ ...call, method: 'GET', path })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining(`could not read container app agent: ${why}`),
    });
    expect(sent.length).toBeGreaterThan(1);
  });

  test('a change that is answered by something else leaves open whether it was made', async () => {
    const { arm } = open(() => ({ body: '{}' }));
    await expect(arm.send({ ...call, method: 'PATCH', path, body: {} })).rejects.toMatchObject({ code: 'NETWORK' });
  });
});
