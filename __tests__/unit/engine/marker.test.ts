import { describe, expect, test } from '@jest/globals';
import { deploy } from '../../../src/engine/deploy.ts';
import { finish } from '../../../src/engine/finish.ts';
import { holdMarkerDuring } from '../../../src/engine/hold-marker.ts';
import { openJournal } from '../../../src/engine/journal.ts';
import type { Progress, Rollout } from '../../../src/engine/rollout.ts';
import { identifyRun } from '../../../src/engine/run-identity.ts';
import type { Io } from '../../../src/io/io.ts';
import { ConflictError } from '../../../src/model/conflict.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { MarkerControl } from '../../../src/model/marker-control.ts';
import { MARKER_HOLDS_MS } from '../../../src/model/rollout-marker.ts';
import type { Workload } from '../../../src/model/workload.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { preview } from '../../../src/strategies/preview.ts';
import { rolling } from '../../../src/strategies/rolling.ts';
import type { Strategy } from '../../../src/strategies/strategy.ts';
import { parseTrafficSteps } from '../../../src/strategies/traffic-steps.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { scriptedRollout } from '../../fixtures/scripted-rollout.ts';
import { operation, preparedBy, restorations, scriptedWorkload, watchBy } from '../../fixtures/scripted-workload.ts';

const run = { id: 'abc', name: 'acme/agent, run 7', since: 0 };

/** What is called, in order, with the time until which a marker then holds, in seconds from the start. */
function given(strategy: Strategy, steps = '100%', parts: Partial<Workload> = {}) {
  const io = fakeIo();
  const startedAt = io.clock.now();
  const calls: string[] = [];
  const note = (call: string, until: number) =>
    void calls.push(`${(io.clock.now() - startedAt) / 1_000}s ${call} until ${(until - startedAt) / 1_000}s`);
  const marker: MarkerControl = {
    renew: async (_, __, until) => note('renew', until),
    remove: async () => void calls.push('remove'),
  };
  const workload = scriptedWorkload({
    marker,
    capabilities: { traffic: { by: 'us', weights: 'any' }, preview: true, changes: ['edit'], remedy: null },
    prepare: async () =>
      preparedBy(async (_, { markedUntil }) => {
        note('send', markedUntil);
        return operation;
      }),
    traffic: {
      by: 'us',
      async setWeight(ours, { percent, markedUntil }) {
        note(`${percent}%`, markedUntil);
        return ours;
      },
    },
    finish: async () => {
      calls.push('finish');
      return null;
    },
    ...parts,
  });
  const planned = strategy.plan(parseTrafficSteps(steps), workload.capabilities);
  return { calls, io, rollout: { ...scriptedRollout(workload, io, planned), run } };
}

/** Of a run whose marker was just written. */
function progressOf(rollout: Rollout, io: Io): Progress {
  const point = { resource: 'agent', revision: 'agent:41', data: {} };
  return {
    entry: { version: 1, phase: 'sending', image: null, point, mark: 'm', failure: null, outcome: null },
    ...{ operation: null, share: null, unanswered: { at: null } },
    ...{ markedUntil: io.clock.now() + MARKER_HOLDS_MS, deadline: rollout.deadline },
  };
}

describe('the marker of a run', () => {
  test('is renewed in a bake that outlasts it, and by each step', async () => {
    const { calls, rollout } = given(canary, '5% for 6m');
    await deploy(rollout);
    expect(calls).toEqual([
      '0s send until 300s',
      '0s 5% until 300s',
      '150s renew until 450s',
      '300s renew until 600s',
      '360s 100% until 660s',
      'finish',
    ]);
  });

  test('is renewed while smoke tests run, so that a lost runner keeps nobody waiting for as long as they may take', async () => {
    const { calls, io, rollout } = given(rolling);
    await holdMarkerDuring(progressOf(rollout, io), rollout, () => io.clock.sleep(480_000));
    expect(calls).toEqual(['150s renew until 450s', '300s renew until 600s', '450s renew until 750s']);
  });

  test('whose renewal hangs keeps no cancel waiting, and counts as a request without an answer', async () => {
    const marker = { renew: () => new Promise<void>(() => {}), remove: async () => {} };
    const { io, rollout } = given(rolling, '100%', { marker });
    const progress = progressOf(rollout, io);
    const cancelled = new DeployError('CANCELLED', 'the job was cancelled');
    const controller = new AbortController();
    const work = async (): Promise<never> => {
      await io.clock.sleep(200_000);
      controller.abort(cancelled);
      throw cancelled;
    };
    const startedAt = io.clock.now();
    const running = holdMarkerDuring(progress, { ...rollout, signal: controller.signal }, work);
    await expect(running).rejects.toBe(cancelled);
    expect(io.clock.now() - startedAt).toBe(201_000);
    expect(progress.unanswered.at).toBe(io.clock.now());
  });

  test('is removed where a preview ends, and where a failed rollout is kept', async () => {
    const seen = given(preview);
    await deploy(seen.rollout);
    expect(seen.calls).toEqual(['0s send until 300s', 'remove']);
    const failed = watchBy(async () => ({ status: 'failed', as: 'DEPLOY_FAILED', reason: 'X', message: 'it crashes' }));
    const kept = given(rolling, '100%', { watch: failed });
    await deploy({ ...kept.rollout, onFailure: 'keep' });
    expect(kept.calls).toEqual(['0s send until 300s', 'remove']);
  });

  test.each(['DEPLOY_REJECTED', 'PERMISSION_DENIED', 'NETWORK'] as const)(
    'is removed although that is refused three times with %s: one that stays is restored from',
    async (code) => {
      let tries = 0;
      const remove = async () => {
        tries += 1;
        if (tries <= 3) throw new DeployError(code, 'no');
      };
      const { io, rollout } = given(preview, '100%', { marker: { renew: async () => {}, remove } });
      await deploy(rollout);
      expect(tries).toBe(4);
      expect(io.printed.join('\n')).not.toContain('could not remove');
    },
  );

  test('is removed by post where a cancelled run is kept', async () => {
    const { calls, io, rollout } = given(rolling);
    const point = await rollout.workload.capture();
    const entry = {
      version: 1,
      phase: 'sending',
      image: null,
      point,
      mark: 'm',
      failure: null,
      outcome: null,
    } as const;
    const kept = await finish({ ...rollout, entry, onCancel: 'keep', timeoutMs: 180_000, io });
    expect(kept).toMatchObject({ kind: 'kept' });
    expect(calls).toEqual(['remove']);
  });

  test('that a cancel keeps from being removed at the end of a preview is left to post', async () => {
    const seen = given(preview, '100%', {
      marker: {
        renew: async () => {},
        remove: async () => {
          seen.io.cancel(new DeployError('CANCELLED', 'the job was cancelled'));
          throw new DeployError('CANCELLED', 'the job was cancelled');
        },
      },
    });
    await expect(deploy(seen.rollout)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(openJournal(seen.io).read()).toMatchObject({ phase: 'rolling-back' });
  });

  test('is renewed in a rollback that outlasts it', async () => {
    const failed = watchBy(async () => ({ status: 'failed', as: 'DEPLOY_FAILED', reason: 'X', message: 'it crashes' }));
    const goingOn = { status: 'progressing', requested: true, reason: 'R', message: 'agent:41 starts' } as const;
    const answers = Array.from({ length: 100 }, () => goingOn);
    const restore = restorations(...answers, { status: 'restored', by: 'us', message: 'agent:41 serves again' });
    const { calls, rollout } = given(rolling, '100%', { watch: failed, restore });
    await deploy({ ...rollout, rollbackTimeoutMs: 900_000 });
    expect(calls.filter((call) => call.includes('renew')).length).toBeGreaterThanOrEqual(2);
  });

  test('that can not be renewed changes no verdict, and is tried again', async () => {
    let tries = 0;
    const marker = {
      renew: async () => {
        tries += 1;
        throw new DeployError('PERMISSION_DENIED', 'no');
      },
      remove: async () => {},
    };
    const { rollout } = given(canary, '5% for 5m', { marker });
    expect(await deploy(rollout)).toMatchObject({ kind: 'deployed' });
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(10);
  });

  test('names the run by repository, run and attempt, and two uses in one job differ', () => {
    const env = { GITHUB_REPOSITORY: 'acme/agent', GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '2' };
    const [one, two] = [identifyRun(fakeIo({ env })), identifyRun(fakeIo({ env }))];
    expect(one.name).toBe('acme/agent, run 7, attempt 2');
    expect(one.id).not.toBe(two.id);
    expect(MARKER_HOLDS_MS).toBeLessThan(20 * 60_000);
  });

  test('is in the journal with the restore point, so that post knows its own', async () => {
    const { io, rollout } = given(rolling);
    await deploy(rollout);
    expect(openJournal(io).read()).toMatchObject({ point: { run } });
  });
});

describe('a run that finds another one while it sends', () => {
  const conflict = new ConflictError('could not deploy: acme/agent, run 8, is rolling out agent:43');

  test('has touched nothing: the conflict goes up, and post has nothing to do', async () => {
    const { io, rollout } = given(rolling, '100%', { prepare: async () => preparedBy(() => Promise.reject(conflict)) });
    await expect(deploy(rollout)).rejects.toBe(conflict);
    expect(openJournal(io).read()).toMatchObject({ phase: 'open' });
  });

  test('after a request without an answer restores, as that may have arrived', async () => {
    const errors = [new DeployError('NETWORK', 'no answer'), conflict];
    const { rollout } = given(rolling, '100%', {
      findOperation: async () => null,
      prepare: async () => preparedBy(() => Promise.reject(errors.shift() ?? conflict)),
    });
    expect(await deploy(rollout)).toMatchObject({ kind: 'rolled-back', failure: { code: 'BUSY' } });
  });
});
