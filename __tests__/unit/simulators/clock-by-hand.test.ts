import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../../simulators/clock/clock.ts';
import { openStage } from '../../fixtures/stage/open-stage.ts';

let clock: VirtualClock;

beforeEach(async () => {
  clock = await VirtualClock.open({ startAt: 100_000 });
});

afterEach(() => clock.close());

describe('time that is moved by hand', () => {
  it('advances exactly as far as requested', async () => {
    await clock.advance(61_500);
    expect(clock.now()).toBe(161_500);
  });

  it('stops at alarms and visits on the way, in their order', async () => {
    const seen: string[] = [];
    clock.every(10_000, async (now) => void seen.push(`visit ${now}`));
    void clock.sleepUntil(115_000).then(() => seen.push(`alarm ${clock.now()}`));
    void clock.sleepUntil(130_001).then(() => seen.push('too early'));
    await clock.advance(30_000);
    expect(seen).toEqual(['visit 110000', 'alarm 115000', 'visit 120000', 'visit 130000']);
  });

  it('is refused while a child lives on it', async () => {
    const stage = await openStage(() => ({ status: 200 }));
    let refusal: unknown = null;
    stage.edge.onCall((_call, when) =>
      when === 'before' ? stage.clock.advance(1_000).catch((error: unknown) => (refusal = error)) : null,
    );
    await stage.request({ url: 'https://cloud.test/' });
    expect(refusal).toMatchObject({ message: 'time is moved by hand only while no child lives on it' });
    await stage.clock.advance(1_000);
    await stage.close();
  });
});
