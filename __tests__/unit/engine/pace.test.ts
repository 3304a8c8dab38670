import { describe, expect, test } from '@jest/globals';
import { paceOf } from '../../../src/engine/pace.ts';
import type { Operation } from '../../../src/model/workload.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { operation } from '../../fixtures/scripted-workload.ts';

type Evidence = { readonly nearEnd?: boolean };

/** When it looks, in whole milliseconds since the wait began; `evidence`: what the look at that time finds. */
async function looksUntil(endMs: number, evidence: (now: number) => Evidence, of: Partial<Operation> = {}) {
  const { clock } = fakeIo({ startAt: 0 });
  const pauseMs = paceOf({ ...operation, ...of }, clock);
  const looks: number[] = [];
  for (;;) {
    looks.push(Math.round(clock.now()));
    if (clock.now() >= endMs) return looks;
    await clock.sleep(pauseMs(evidence(clock.now())));
  }
}

const pauses = (looks: readonly number[]): readonly number[] => looks.slice(1).map((at, index) => at - looks[index]!);

describe('the pause between two looks at a rollout', () => {
  test('grows to ten seconds while much is left', async () => {
    const looks = await looksUntil(600_000, () => ({ nearEnd: false }));
    expect(looks.slice(0, 3)).toEqual([0, 1_000, 2_300]);
    expect(Math.max(...pauses(looks))).toBe(10_000);
    expect(looks.length).toBeLessThan(72);
  });

  test('grows to five seconds, and no longer than an eighth of the time so far, where nothing shows', async () => {
    const looks = await looksUntil(600_000, () => ({}));
    for (const [index, pause] of pauses(looks).entries()) {
      expect(pause).toBeLessThanOrEqual(Math.max(2_000, looks[index]! / 8) + 1);
    }
    expect(Math.max(...pauses(looks))).toBe(5_000);
  });

  test('is a second when the end gets near, and grows again where it stays near for minutes', async () => {
    const looks = await looksUntil(600_000, (now) => ({ nearEnd: now > 300_000 }));
    const near = looks.filter((at) => at > 300_000);
    expect(pauses(near)[0]).toBe(1_000);
    expect(
      pauses(near)
        .slice(0, 5)
        .every((pause) => pause < 1_500),
    ).toBe(true);
    expect(pauses(near).at(-1)).toBe(5_000);
  });

  test('is two seconds about when the last one was done, and no look before sleeps through that', async () => {
    const looks = await looksUntil(320_000, () => ({ nearEnd: false }), { usualMs: 300_000 });
    const before = looks.filter((at) => at < 285_000);
    expect(Math.max(...pauses(before))).toBe(10_000);
    const about = looks.filter((at) => at >= 285_000 && at <= 315_000);
    expect(about[0]! - 285_000).toBeLessThan(2_000);
    expect(Math.max(...pauses(about))).toBe(2_000);
    expect(looks.at(-1)! - looks.at(-2)!).toBeGreaterThan(2_000);
  });
});
