import { expect, test } from '@jest/globals';
import { openWholeLooks } from '../../../src/clouds/whole-looks.ts';
import type { Observation, Operation } from '../../../src/model/workload.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const operation: Operation = { id: '1', mark: 'agent:2', goal: { kind: 'up' }, revision: 'agent:2' };
const starting: Observation = { status: 'progressing', reason: 'NOT_READY', message: 'it is starting' };

function open() {
  const { clock } = fakeIo();
  return { looks: openWholeLooks(clock), pass: (ms: number) => clock.sleep(ms) };
}

test('a judgement holds for what looks as before', async () => {
  const { looks, pass } = open();
  expect(looks.still(operation, { replicas: 1 })).toBeNull();
  expect(looks.note(operation, { replicas: 1 }, starting)).toBe(starting);
  await pass(4_000);
  expect(looks.still(operation, { replicas: 1 })).toBe(starting);
  expect(looks.still(operation, { replicas: 2 })).toBeNull();
  expect(looks.still({ ...operation }, { replicas: 1 })).toBeNull();
});

test('one that has ended is looked at again', () => {
  const { looks } = open();
  looks.note(operation, {}, { ...starting, status: 'succeeded' });
  expect(looks.still(operation, {})).toBeNull();
});

test.each([
  { title: 'five seconds at first', elapsedMs: 0, holdsMs: 5_000 },
  { title: 'a quarter of what it took so far', elapsedMs: 100_000, holdsMs: 25_000 },
  { title: 'a minute at most', elapsedMs: 3_600_000, holdsMs: 60_000 },
])('it holds for $title', async ({ elapsedMs, holdsMs }) => {
  const { looks, pass } = open();
  looks.note(operation, {}, starting);
  await pass(elapsedMs);
  looks.note(operation, {}, starting);
  await pass(holdsMs - 1);
  expect(looks.still(operation, {})).toBe(starting);
  await pass(1);
  expect(looks.still(operation, {})).toBeNull();
});
