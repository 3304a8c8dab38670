import { describe, expect, test } from '@jest/globals';
import { paceByEvidence, type TimeSigns } from '../../../src/clouds/pace.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

/** When it polls, in whole milliseconds since the wait began; `signs`: what the poll at that time finds. */
async function pollsUntil(endMs: number, signs: (now: number) => Partial<TimeSigns>) {
  const { clock } = fakeIo({ startAt: 0 });
  const nextPauseMs = paceByEvidence(clock);
  const polls: number[] = [];
  for (;;) {
    polls.push(Math.round(clock.now()));
    if (clock.now() >= endMs) return polls;
    await clock.sleep(nextPauseMs({ nearEnd: null, usualMs: null, ...signs(clock.now()) }));
  }
}

const pauses = (polls: readonly number[]): readonly number[] => polls.slice(1).map((at, index) => at - polls[index]!);

describe('the pause between two polls of a rollout', () => {
  test('grows to ten seconds while much is left', async () => {
    const polls = await pollsUntil(600_000, () => ({ nearEnd: false }));
    expect(polls.slice(0, 3)).toEqual([0, 1_000, 2_300]);
    expect(Math.max(...pauses(polls))).toBe(10_000);
    expect(polls.length).toBeLessThan(72);
  });

  test('grows to five seconds, and no longer than an eighth of the time so far, where nothing shows', async () => {
    const polls = await pollsUntil(600_000, () => ({}));
    for (const [index, pause] of pauses(polls).entries()) {
      expect(pause).toBeLessThanOrEqual(Math.max(2_000, polls[index]! / 8) + 1);
    }
    expect(Math.max(...pauses(polls))).toBe(5_000);
  });

  test('is a second when the end gets near, and grows again where it stays near for minutes', async () => {
    const polls = await pollsUntil(600_000, (now) => ({ nearEnd: now > 300_000 }));
    const near = polls.filter((at) => at > 300_000);
    expect(pauses(near)[0]).toBe(1_000);
    expect(
      pauses(near)
        .slice(0, 5)
        .every((pause) => pause < 1_500),
    ).toBe(true);
    expect(pauses(near).at(-1)).toBe(5_000);
  });

  test('is two seconds about when the last one was done, and no poll before sleeps through that', async () => {
    const polls = await pollsUntil(320_000, () => ({ nearEnd: false, usualMs: 300_000 }));
    const before = polls.filter((at) => at < 285_000);
    expect(Math.max(...pauses(before))).toBe(10_000);
    const about = polls.filter((at) => at >= 285_000 && at <= 315_000);
    expect(about[0]! - 285_000).toBeLessThan(2_000);
    expect(Math.max(...pauses(about))).toBe(2_000);
    expect(polls.at(-1)! - polls.at(-2)!).toBeGreaterThan(2_000);
  });
});
