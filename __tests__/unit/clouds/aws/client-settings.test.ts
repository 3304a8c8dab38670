import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { afterEach, expect, jest, test } from '@jest/globals';
import { clientSettings } from '../../../../src/clouds/aws/client-settings.ts';
import { openHttp } from '../../../../src/io/http.ts';
import { fakeIo } from '../../../fixtures/fake-io.ts';

const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };

afterEach(() => void jest.restoreAllMocks());

/** From now on: the milliseconds of the timers that keep the process. */
function watchTimers(): () => readonly (number | undefined)[] {
  const pending = new Map<unknown, number | undefined>();
  const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, ms?: number) => {
    const timer = set(() => {
      pending.delete(timer);
      callback();
    }, ms);
    pending.set(timer, ms);
    return timer;
  }) as typeof setTimeout);
  jest.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    pending.delete(timer);
    clear(timer);
  });
  return () => [...pending].filter(([timer]) => (timer as NodeJS.Timeout).hasRef()).map(([, ms]) => ms);
}

// The SDK's own limit for connecting left one for 4 s, and the process lived as long after its verdict.
test('a request that is cancelled before it has a connection leaves no timer that keeps the process', async () => {
  const http = openHttp({});
  const { httpsAgent } = http;
  const connect = httpsAgent.createConnection.bind(httpsAgent);
  // A name server that does not answer.
  httpsAgent.createConnection = (options, callback) => connect({ ...options, lookup: () => undefined }, callback);
  const client = new ECSClient({ ...clientSettings('eu-west-1', { ...fakeIo(), http }), credentials });
  const cancel = new AbortController();
  const timers = watchTimers();
  const asked = client.send(new DescribeServicesCommand({ services: ['agent'] }), { abortSignal: cancel.signal });
  const failure = asked.catch((error: unknown) => error);
  // The SDK begins to count after a second.
  await sleep(1_200);
  expect(timers()).not.toEqual([]);
  cancel.abort();
  expect(await failure).toMatchObject({ name: 'AbortError' });
  expect(timers()).toEqual([]);
});
