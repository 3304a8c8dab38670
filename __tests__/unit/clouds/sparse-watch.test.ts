import { expect, test } from '@jest/globals';
import { type Reading, reuseWhileSame, type Source, watchSparsely } from '../../../src/clouds/sparse-watch.ts';
import type { Observation } from '../../../src/model/workload.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const starting: Observation = { status: 'progressing', reason: 'NOT_READY', message: 'it is starting' };
const up: Observation = { status: 'succeeded', reason: 'READY', message: 'it is up' };

/** A platform that shows `replicas` to a poll and `observation` to a full read; `calls` lists which of the two was asked. */
function open(more: Partial<Source<number>> = {}) {
  const { clock } = fakeIo();
  const platform = { replicas: 1, observation: starting, calls: [] as string[] };
  const watch = watchSparsely<number, Reading>(
    {
      async poll() {
        platform.calls.push('poll');
        return platform.replicas;
      },
      async readAll() {
        platform.calls.push('full');
        return { observation: platform.observation, nearEnd: null, usualMs: null };
      },
      reuse: reuseWhileSame,
      ...more,
    },
    clock,
  );
  const callsOf = async (): Promise<readonly string[]> => {
    platform.calls.length = 0;
    await watch.poll();
    return [...platform.calls];
  };
  return { platform, watch, callsOf, pass: (ms: number) => clock.sleep(ms) };
}

test('an observation holds while a poll shows the same, and everything is read when it shows something else', async () => {
  const { platform, callsOf, pass } = open();
  expect(await callsOf()).toEqual(['poll', 'full']);
  await pass(4_000);
  expect(await callsOf()).toEqual(['poll']);
  platform.replicas = 2;
  expect(await callsOf()).toEqual(['poll', 'full']);
});

test('an operation that has ended is read in full again', async () => {
  const { platform, callsOf } = open();
  platform.observation = up;
  expect(await callsOf()).toEqual(['poll', 'full']);
  expect(await callsOf()).toEqual(['poll', 'full']);
});

test.each([
  { title: 'five seconds at first', elapsedMs: 0, holdsMs: 5_000 },
  { title: 'a quarter of what it took so far', elapsedMs: 100_000, holdsMs: 25_000 },
  { title: 'a minute at most', elapsedMs: 3_600_000, holdsMs: 60_000 },
])('an observation holds for $title', async ({ elapsedMs, holdsMs }) => {
  const { callsOf, pass } = open();
  await callsOf();
  await pass(elapsedMs);
  await callsOf();
  await pass(holdsMs - 1);
  expect(await callsOf()).toEqual(['poll']);
  await pass(1);
  expect(await callsOf()).toEqual(['poll', 'full']);
});

test('a source gets back what it read last, as the polls since then brought it up to date', async () => {
  const seen: (string | null)[] = [];
  const { platform, watch, pass } = open({
    async poll(last) {
      seen.push(last && `${last.polled}: ${last.reading.observation.message}, ${last.ageMs} ms old`);
      return platform.replicas;
    },
    reuse: (polled, { reading }) => ({ ...reading, observation: { ...starting, message: `${polled} replicas` } }),
  });
  await watch.poll();
  await pass(3_000);
  platform.replicas = 2;
  expect(await watch.poll()).toMatchObject({ message: '2 replicas' });
  await pass(3_000);
  await watch.poll();
  expect(seen).toEqual([null, '1: it is starting, 3000 ms old', '1: 2 replicas, 6000 ms old']);
});

test('signs of time become the pause until the next poll, and an operation that has ended has none', async () => {
  const { platform, watch } = open();
  expect(await watch.poll()).toEqual({ ...starting, pollAfterMs: 1_000 });
  expect(await watch.poll()).toEqual({ ...starting, pollAfterMs: 1_300 });
  platform.observation = up;
  platform.replicas = 2;
  expect(await watch.poll()).toEqual(up);
});

test('a full read that fails is tried again by the next poll', async () => {
  let failures = 1;
  const { watch } = open({
    async readAll() {
      if (failures-- > 0) throw new Error('unreachable');
      return { observation: up, nearEnd: null, usualMs: null };
    },
  });
  await expect(watch.poll()).rejects.toThrow('unreachable');
  expect(await watch.poll()).toEqual(up);
});
