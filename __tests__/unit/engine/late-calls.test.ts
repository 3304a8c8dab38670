import { describe, expect, test } from '@jest/globals';
import { deploy } from '../../../src/engine/deploy.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { MarkerControl } from '../../../src/model/marker-control.ts';
import type { Observation, Workload } from '../../../src/model/workload.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { preview } from '../../../src/strategies/preview.ts';
import { rolling } from '../../../src/strategies/rolling.ts';
import type { Strategy } from '../../../src/strategies/strategy.ts';
import { parseTrafficSteps } from '../../../src/strategies/traffic-steps.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { scriptedRollout } from '../../fixtures/scripted-rollout.ts';
import { operation, preparedBy, scriptedWorkload, watchBy } from '../../fixtures/scripted-workload.ts';

const CRASHES: Observation = { status: 'failed', as: 'DEPLOY_FAILED', reason: 'X', message: 'it crashes' };
const capabilities: Workload['capabilities'] = {
  traffic: { by: 'us', weights: 'any' },
  preview: true,
  changes: ['edit'],
  remedy: null,
};
const lost = () => new DeployError('NETWORK', 'no answer within 60s');

function given(parts: Partial<Workload>, shares = '5% for 0s') {
  const io = fakeIo();
  const workload = scriptedWorkload({
    capabilities,
    traffic: { by: 'us', setWeight: async (ours) => ours },
    ...parts,
  });
  const steps = canary.plan(parseTrafficSteps(shares), workload.capabilities);
  return { io, rollout: scriptedRollout(workload, io, steps) };
}

describe('a request that got no answer', () => {
  /** Loses the answer of the first share. */
  function losesShare(): Workload['traffic'] {
    let isLost = false;
    return {
      by: 'us',
      async setWeight(ours) {
        if (isLost) return ours;
        isLost = true;
        throw lost();
      },
    };
  }

  test.each([
    [false, 120_000],
    [true, 0],
  ])('is outlasted before the last one is sent, unless it is fenced (%s)', async (fencesLateCalls, waitMs) => {
    const finishedAt: number[] = [];
    const { io, rollout } = given({
      fencesLateCalls,
      traffic: losesShare(),
      finish: async () => {
        finishedAt.push(io.clock.now());
        return null;
      },
    });
    const startedAt = io.clock.now();
    expect(await deploy(rollout)).toMatchObject({ kind: 'deployed' });
    expect(finishedAt[0]! - startedAt).toBeGreaterThanOrEqual(waitMs);
    expect(finishedAt[0]! - startedAt).toBeLessThan(waitMs + 10_000);
  });

  test.each<[string, Strategy, Partial<Workload>]>([
    ['a preview', preview, {}],
    ['a failed rollout that is kept', rolling, { watch: watchBy(async () => CRASHES) }],
  ])('is outlasted before the marker is removed: %s', async (_title, strategy, parts) => {
    const io = fakeIo();
    let removedAt = 0;
    let sent = 0;
    const marker: MarkerControl = {
      renew: async () => {},
      async remove() {
        removedAt = io.clock.now();
      },
    };
    const workload = scriptedWorkload({
      ...{ capabilities, marker, ...parts },
      prepare: async () => preparedBy(async () => (++sent === 1 ? Promise.reject(lost()) : operation)),
      findOperation: async () => null,
    });
    const steps = strategy.plan(parseTrafficSteps('100% for 0s'), workload.capabilities);
    const startedAt = io.clock.now();
    await deploy({ ...scriptedRollout(workload, io, steps), onFailure: 'keep' });
    expect(removedAt - startedAt).toBeGreaterThanOrEqual(120_000);
  });

  test('is outlasted also where it was to renew the marker', async () => {
    const { io, rollout } = given({}, '5% for 4m');
    const renewedAt: number[] = [];
    const finishedAt: number[] = [];
    const marker: MarkerControl = {
      async renew() {
        renewedAt.push(io.clock.now());
        throw lost();
      },
      remove: async () => {},
    };
    const finish: Workload['finish'] = async () => {
      finishedAt.push(io.clock.now());
      return null;
    };
    expect(await deploy({ ...rollout, workload: { ...rollout.workload, marker, finish } })).toMatchObject({
      kind: 'deployed',
    });
    expect(finishedAt[0]! - renewedAt.at(-1)!).toBeGreaterThanOrEqual(120_000);
  });

  test('is outlasted in a rollback no longer than there is time', async () => {
    const { io, rollout } = given({
      prepare: async () => preparedBy(() => Promise.reject(lost())),
      findOperation: async () => operation,
      watch: watchBy(async () => CRASHES),
      restore: async () => ({ status: 'restored', by: 'us', message: 'agent:41 serves again' }),
    });
    const startedAt = io.clock.now();
    expect(await deploy({ ...rollout, rollbackTimeoutMs: 60_000 })).toMatchObject({ kind: 'rolled-back' });
    expect(io.clock.now() - startedAt).toBeLessThan(70_000);
  });

  test('and arrives after the restoration is restored again before the run ends', async () => {
    let polls = 0;
    const restored = { status: 'restored', by: 'us', message: 'agent:41 serves again' } as const;
    const arrived = { status: 'progressing', requested: true, reason: 'R', message: 'agent:42 is back' } as const;
    const { io, rollout } = given({
      prepare: async () => preparedBy(() => Promise.reject(lost())),
      findOperation: async () => (polls === 0 ? operation : null),
      watch: watchBy(async () => CRASHES),
      restore: async () => {
        polls += 1;
        return polls === 3 ? arrived : restored;
      },
    });
    const startedAt = io.clock.now();
    expect(await deploy(rollout)).toMatchObject({ kind: 'rolled-back' });
    expect(io.clock.now() - startedAt).toBeGreaterThanOrEqual(120_000);
    expect(io.printed.join()).toContain('a request that got no answer may still take effect');
    expect(io.printed.join()).toContain('agent:42 is back');
  });
});
