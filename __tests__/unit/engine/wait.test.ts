import { describe, expect, test } from '@jest/globals';
import { type Poll, waitFor } from '../../../src/engine/wait.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const never = new AbortController().signal;

describe('waiting', () => {
  test('polls every second at first and every five seconds later', async () => {
    const io = fakeIo({ startAt: 0 });
    const polledAt: number[] = [];
    const poll = async (): Promise<Poll<string>> => {
      polledAt.push(Math.round(io.clock.now()));
      return io.clock.now() > 60_000 ? { done: true, value: 'ready' } : { done: false, message: 'not yet' };
    };
    await expect(waitFor(poll, { what: 'it', deadline: 600_000, signal: never }, io)).resolves.toBe('ready');
    expect(polledAt.slice(0, 3)).toEqual([0, 1_000, 2_300]);
    expect(polledAt.at(-1)! - polledAt.at(-2)!).toBe(5_000);
  });

  test('polls once more at the deadline, then says what was seen last', async () => {
    const io = fakeIo({ startAt: 0 });
    let lastPoll = 0;
    const poll = async (): Promise<Poll<never>> => {
      lastPoll = io.clock.now();
      return { done: false, message: '1 of 2 tasks running' };
    };
    const waiting = waitFor(poll, { what: 'agent:42', deadline: 20_000, signal: never }, io);
    await expect(waiting).rejects.toThrow(
      'could not wait any longer than 20s for agent:42: last seen: 1 of 2 tasks running',
    );
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(lastPoll).toBe(20_000);
  });

  test('polls when the last poll says that it is worthwhile', async () => {
    const io = fakeIo({ startAt: 0 });
    const polledAt: number[] = [];
    const poll = async (): Promise<Poll<string>> => {
      polledAt.push(io.clock.now());
      return polledAt.length > 2
        ? { done: true, value: 'ready' }
        : { done: false, message: 'not yet', pollAfterMs: 7_000 };
    };
    await waitFor(poll, { what: 'it', deadline: 600_000, signal: never }, io);
    expect(polledAt).toEqual([0, 7_000, 14_000]);
  });

  test('a passing network error is "not yet", any other ends the wait', async () => {
    const io = fakeIo();
    const answers = [new DeployError('THROTTLED', 'rate exceeded'), new DeployError('NETWORK', 'reset'), null];
    const passing = async (): Promise<Poll<string>> => {
      const error = answers.shift();
      if (error) throw error;
      return { done: true, value: 'ready' };
    };
    await expect(waitFor(passing, { what: 'it', deadline: Infinity, signal: never }, io)).resolves.toBe('ready');
    const final = async (): Promise<Poll<string>> => {
      throw new DeployError('PERMISSION_DENIED', 'no');
    };
    await expect(waitFor(final, { what: 'it', deadline: Infinity, signal: never }, io)).rejects.toThrow('no');
  });

  test('prints a message once, each note once, and a heartbeat once a minute with what has passed and what is left', async () => {
    const io = fakeIo({ startAt: 0 });
    const poll = async (): Promise<Poll<null>> =>
      io.clock.now() > 130_000
        ? { done: true, value: null }
        : { done: false, message: 'starting', notes: ['event one'] };
    await waitFor(poll, { what: 'it', deadline: 600_000, signal: never }, io);
    expect(io.printed.filter((line) => line === 'starting')).toHaveLength(1);
    expect(io.printed.filter((line) => line === 'event one')).toHaveLength(1);
    const heartbeats = io.printed.filter((line) => line.startsWith('still waiting for it: starting'));
    expect(heartbeats).toHaveLength(2);
    expect(heartbeats[0]).toMatch(/ \(1m( \ds)? elapsed, 8m 5\ds left\)$|\(1m elapsed, 9m left\)$/);
  });

  test('ends with the reason when the job is cancelled', async () => {
    const controller = new AbortController();
    const io = fakeIo();
    const poll = async (): Promise<Poll<null>> => {
      controller.abort(new DeployError('CANCELLED', 'the job was cancelled (SIGINT)'));
      return { done: false, message: 'starting' };
    };
    const waiting = waitFor(poll, { what: 'it', deadline: Infinity, signal: controller.signal }, io);
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
