import { describe, expect, test } from '@jest/globals';
import { retryTransient } from '../../../src/io/retry-transient.ts';
import { DeployError, type ErrorCode } from '../../../src/model/errors.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const failure = (code: ErrorCode = 'NETWORK') => new DeployError(code, 'could not read it: it failed');

/** Fails as often as told, then answers. `pauses`: milliseconds between the tries. */
function world(failures: readonly unknown[]) {
  const io = fakeIo();
  const times: number[] = [];
  const attempt = async (): Promise<string> => {
    times.push(io.clock.now());
    const error = failures[times.length - 1];
    if (error) throw error;
    return 'answer';
  };
  return { io, attempt, pauses: () => times.slice(1).map((time, index) => time - times[index]!) };
}

describe('retryTransient', () => {
  test('a failure that may pass is tried again, after pauses that double', async () => {
    const { io, attempt, pauses } = world([failure(), failure('THROTTLED'), failure()]);

    expect(await retryTransient(attempt, { tries: 4, firstDelayMs: 500 }, io)).toBe('answer');
    expect(pauses()).toEqual([500, 1_000, 2_000]);
  });

  test('the last failure is thrown when the tries are used up', async () => {
    const last = failure();
    const { io, attempt, pauses } = world([failure(), last]);

    await expect(retryTransient(attempt, { tries: 2, firstDelayMs: 500 }, io)).rejects.toBe(last);
    expect(pauses()).toEqual([500]);
  });

  test.each([failure('PERMISSION_DENIED'), new TypeError('a bug'), 'text', undefined])(
    'what does not pass by itself is thrown at once: %p',
    async (error) => {
      const { io, attempt, pauses } = world([error ?? null, null]);
      const trying = retryTransient(
        error === undefined ? () => Promise.reject(error) : attempt,
        { tries: 3, firstDelayMs: 500 },
        io,
      );

      await expect(trying).rejects.toBe(error);
      expect(pauses()).toEqual([]);
    },
  );

  test('a server that says when to come back is taken at its word, up to a minute', async () => {
    const { io, attempt, pauses } = world([failure(), failure()]);
    const policy = { tries: 3, firstDelayMs: 500, retryAfterMs: () => (pauses().length === 0 ? 7_000 : 90_000) };

    await retryTransient(attempt, policy, io);

    expect(pauses()).toEqual([7_000, 60_000]);
  });

  test('a server that wants more than five minutes is not waited for', async () => {
    const { io, attempt, pauses } = world([failure()]);
    const policy = { tries: 3, firstDelayMs: 500, retryAfterMs: () => 301_000 };

    await expect(retryTransient(attempt, policy, io)).rejects.toThrow();

    expect(pauses()).toEqual([]);
  });

  test('"too many requests" may have more tries', async () => {
    const { io, attempt, pauses } = world([failure('THROTTLED'), failure('THROTTLED'), failure('THROTTLED')]);

    await retryTransient(attempt, { tries: 2, throttledTries: 4, firstDelayMs: 100, growth: 1 }, io);

    expect(pauses()).toEqual([100, 100, 100]);
  });

  test('a spread pause is between half of it and all of it', async () => {
    const { io, attempt, pauses } = world([failure()]);

    await retryTransient(attempt, { tries: 2, firstDelayMs: 1_000, isSpread: true }, io);

    expect(pauses()[0]).toBeGreaterThanOrEqual(500);
    expect(pauses()[0]).toBeLessThanOrEqual(1_000);
  });

  test('progress counts the tries from the first again', async () => {
    const { io, attempt } = world([failure(), failure(), failure()]);

    expect(await retryTransient(attempt, { tries: 2, firstDelayMs: 100, hasProgressed: () => true }, io)).toBe(
      'answer',
    );
  });

  test('a loop around a loop does not multiply the tries', async () => {
    const { io, attempt, pauses } = world(Array.from({ length: 9 }, () => failure()));
    const policy = { tries: 3, firstDelayMs: 100 };

    await expect(retryTransient(() => retryTransient(attempt, policy, io), policy, io)).rejects.toThrow('it failed');
    expect(pauses()).toHaveLength(2);
  });

  test('a cancel is thrown as it is, and nothing is tried after it', async () => {
    const { io, attempt, pauses } = world([failure()]);
    const cancel = failure('CANCELLED');
    const trying = retryTransient(
      async () => {
        io.cancel(cancel);
        return await attempt();
      },
      { tries: 3, firstDelayMs: 100 },
      io,
    );

    await expect(trying).rejects.toBe(cancel);
    await expect(retryTransient(attempt, { tries: 3, firstDelayMs: 100 }, io)).rejects.toBe(cancel);
    expect(pauses()).toEqual([]);
  });
});
