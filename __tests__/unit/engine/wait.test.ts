import { describe, expect, test } from '@jest/globals';
import { type Look, waitFor } from '../../../src/engine/wait.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const never = new AbortController().signal;

describe('waiting', () => {
  test('looks fast at first and every five seconds later', async () => {
    const io = fakeIo({ startAt: 0 });
    const lookedAt: number[] = [];
    const look = async (): Promise<Look<string>> => {
      lookedAt.push(Math.round(io.clock.now()));
      return io.clock.now() > 60_000 ? { done: true, value: 'ready' } : { done: false, message: 'not yet' };
    };
    await expect(waitFor(look, { what: 'it', deadline: 600_000, signal: never }, io)).resolves.toBe('ready');
    expect(lookedAt.slice(0, 3)).toEqual([0, 1_000, 2_300]);
    expect(lookedAt.at(-1)! - lookedAt.at(-2)!).toBe(5_000);
  });

  test('takes a last look at the deadline, then says what was seen last', async () => {
    const io = fakeIo({ startAt: 0 });
    let lastLook = 0;
    const look = async (): Promise<Look<never>> => {
      lastLook = io.clock.now();
      return { done: false, message: '1 of 2 tasks running' };
    };
    const waiting = waitFor(look, { what: 'agent:42', deadline: 20_000, signal: never }, io);
    await expect(waiting).rejects.toThrow(
      'could not wait any longer than 20s for agent:42: last seen: 1 of 2 tasks running',
    );
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(lastLook).toBe(20_000);
  });

  test('a passing network error is "not yet", any other ends the wait', async () => {
    const io = fakeIo();
    const answers = [new DeployError('THROTTLED', 'rate exceeded'), new DeployError('NETWORK', 'reset'), null];
    const passing = async (): Promise<Look<string>> => {
      const error = answers.shift();
      if (error) throw error;
      return { done: true, value: 'ready' };
    };
    await expect(waitFor(passing, { what: 'it', deadline: Infinity, signal: never }, io)).resolves.toBe('ready');
    const final = async (): Promise<Look<string>> => {
      throw new DeployError('PERMISSION_DENIED', 'no');
    };
    await expect(waitFor(final, { what: 'it', deadline: Infinity, signal: never }, io)).rejects.toThrow('no');
  });

  test('prints a message once, each note once, and a sign of life every 30 seconds', async () => {
    const io = fakeIo({ startAt: 0 });
    const look = async (): Promise<Look<null>> =>
      io.clock.now() > 70_000
        ? { done: true, value: null }
        : { done: false, message: 'starting', notes: ['event one'] };
    await waitFor(look, { what: 'it', deadline: 600_000, signal: never }, io);
    expect(io.printed.filter((line) => line === 'starting')).toHaveLength(1);
    expect(io.printed.filter((line) => line === 'event one')).toHaveLength(1);
    expect(io.printed.filter((line) => line.startsWith('still waiting for it: starting'))).toHaveLength(2);
  });

  test('ends with the reason when the job is cancelled', async () => {
    const controller = new AbortController();
    const io = fakeIo();
    const look = async (): Promise<Look<null>> => {
      controller.abort(new DeployError('CANCELLED', 'the job was cancelled (SIGINT)'));
      return { done: false, message: 'starting' };
    };
    const waiting = waitFor(look, { what: 'it', deadline: Infinity, signal: controller.signal }, io);
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
