import { describe, expect, test } from '@jest/globals';
import { planWhenFree } from '../../../src/engine/plan-when-free.ts';
import { type WaitRequest, waitUntilFree } from '../../../src/engine/wait-until-free.ts';
import { ConflictError } from '../../../src/model/conflict.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { Readiness } from '../../../src/model/readiness.ts';
import type { RolloutMarker } from '../../../src/model/rollout-marker.ts';
import type { Workload } from '../../../src/model/workload.ts';
import { type FakeIo, fakeIo } from '../../fixtures/fake-io.ts';
import { scriptedRollout } from '../../fixtures/scripted-rollout.ts';
import { point, restorations, scriptedWorkload } from '../../fixtures/scripted-workload.ts';

const free: Readiness = { status: 'free' };
const busy: Readiness = { status: 'busy', message: 'acme/agent, run 7, is rolling out agent:40' };
const marker: RolloutMarker = { run: { id: 'a', name: 'acme/agent, run 7', since: 0 }, until: 1, mark: 'm', point };
const abandoned: Readiness = { status: 'abandoned', message: 'acme/agent, run 7, is gone', marker };
const stuck = (isOurs: boolean): Readiness => ({ status: 'stuck', message: 'agent:40 crashes', isOurs });

/** The readings in turn; the last one stays. */
function readings(...all: readonly Readiness[]): Workload['readiness'] {
  let next = 0;
  return async () => all[Math.min(next++, all.length - 1)]!;
}

function requestOf(parts: Partial<Workload>, options: Partial<Pick<WaitRequest, 'onConflict' | 'onStuck'>> = {}) {
  const io: FakeIo = fakeIo();
  const rollout = scriptedRollout(scriptedWorkload(parts), io, []);
  return { ...rollout, onConflict: 'wait', onStuck: null, io, ...options } as const;
}

describe('before a rollout starts', () => {
  test('a free workload is not waited for', async () => {
    expect(await waitUntilFree(requestOf({}))).toEqual({ hasWaited: false, restoringMs: 0 });
  });

  test('another run is waited for, by name', async () => {
    const request = requestOf({ readiness: readings(busy, busy, free) });
    expect(await waitUntilFree(request)).toEqual({ hasWaited: true, restoringMs: 0 });
    expect(request.io.printed.join()).toContain('acme/agent, run 7, is rolling out agent:40');
  });

  test('another run that never ends is an error when `timeout` is over', async () => {
    const refused = waitUntilFree(requestOf({ readiness: readings(busy) }));
    await expect(refused).rejects.toMatchObject({ code: 'BUSY', message: expect.stringContaining('run 7') });
  });

  test('with `on-conflict: fail` another run is an error at once', async () => {
    const request = requestOf({ readiness: readings(busy, free) }, { onConflict: 'fail' });
    await expect(waitUntilFree(request)).rejects.toBeInstanceOf(ConflictError);
  });

  test('what a run left that is gone is restored first, whatever `on-conflict` says', async () => {
    const restored: unknown[] = [];
    const request = requestOf(
      {
        readiness: readings(abandoned, free),
        restore: async (...given) => {
          restored.push(given);
          return { status: 'restored', by: 'us', message: 'agent:41 serves again' };
        },
      },
      { onConflict: 'fail' },
    );
    expect(await waitUntilFree(request)).toEqual({ hasWaited: true, restoringMs: 0 });
    expect(request.record.restored).toEqual(['acme/agent, run 7, is gone. agent:41 serves again.']);
    expect(restored).toEqual([[point, 'm', 0]]);
    expect(request.io.printed).toContain('acme/agent, run 7, is gone. Restoring agent:41 first.');
  });

  test('restoring is not counted against `timeout`', async () => {
    const restoring = { status: 'progressing', requested: true, reason: 'R', message: 'agent:41 starts' } as const;
    const answers = Array.from({ length: 50 }, () => restoring);
    const restore = restorations(...answers, { status: 'restored', by: 'us', message: 'done' });
    const request = requestOf({ readiness: readings(abandoned, free), restore });
    const { restoringMs } = await waitUntilFree({ ...request, deadline: request.io.clock.now() + 1_000 });
    expect(restoringMs).toBeGreaterThan(100_000);
  });

  test('what can not be restored is an error with the command, and nothing is deployed over it', async () => {
    const restore = restorations({ status: 'failed', message: 'agent:41 does not start' });
    const refused = waitUntilFree(requestOf({ readiness: readings(abandoned), restore }));
    await expect(refused).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('agent:41 does not start'),
      hint: expect.stringContaining('platform restore agent:41'),
    });
  });

  test('a marker that stays after its rollout was restored is an error, not an endless loop', async () => {
    const refused = waitUntilFree(requestOf({ readiness: readings(abandoned) }));
    await expect(refused).rejects.toMatchObject({ code: 'BUSY', message: expect.stringContaining('marker') });
  });

  test.each([
    [true, null],
    [true, 'replace'],
    [false, 'replace'],
  ] as const)('a rollout that can not end, ours %s, is replaced with on-stuck %s', async (isOurs, onStuck) => {
    const request = requestOf({ readiness: readings(stuck(isOurs)) }, { onStuck });
    expect(await waitUntilFree(request)).toEqual({ hasWaited: false, restoringMs: 0 });
    expect(request.io.printed).toEqual(['agent:40 crashes. This deployment replaces it.']);
  });

  test.each([
    [true, 'fail'],
    [false, 'fail'],
    [false, null],
  ] as const)('a rollout that can not end, ours %s, is an error with on-stuck %s', async (isOurs, onStuck) => {
    const refused = waitUntilFree(requestOf({ readiness: readings(stuck(isOurs)) }, { onStuck }));
    await expect(refused).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('agent:40 crashes'),
      hint: expect.stringContaining('on-stuck: replace'),
    });
  });
});

describe('a change that can not be compared', () => {
  const change = { kind: 'definition', definition: {} } as const;
  const undecided = new DeployError('UNSUPPORTED', 'the newest is configured differently');

  test('while another run rolls out is compared again when that has ended', async () => {
    let calls = 0;
    const plan: Workload['plan'] = async () => {
      calls += 1;
      if (calls === 1) throw undecided;
      return { unchanged: false, differences: [], platform: null };
    };
    const request = requestOf({ plan, readiness: readings(busy, free) });
    await expect(planWhenFree(() => request.workload.plan(change), request)).resolves.toMatchObject({
      unchanged: false,
    });
  });

  test('while no one else changes the workload is refused', async () => {
    const request = requestOf({
      plan: async () => {
        throw undecided;
      },
    });
    await expect(planWhenFree(() => request.workload.plan(change), request)).rejects.toBe(undecided);
  });
});
