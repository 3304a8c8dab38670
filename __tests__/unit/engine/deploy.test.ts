import { describe, expect, test } from '@jest/globals';
import { deploy } from '../../../src/engine/deploy.ts';
import { finish } from '../../../src/engine/finish.ts';
import { openJournal } from '../../../src/engine/journal.ts';
import type { Rollout } from '../../../src/engine/rollout.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { Restoration } from '../../../src/model/restore-point.ts';
import type { SmokeTest } from '../../../src/model/smoke-test.ts';
import type { Workload } from '../../../src/model/workload.ts';
import { rolling } from '../../../src/strategies/rolling.ts';
import { type FakeIo, fakeIo } from '../../fixtures/fake-io.ts';
import { scriptedRollout } from '../../fixtures/scripted-rollout.ts';
import {
  operation,
  point,
  preparedBy,
  restorations,
  scriptedWorkload,
  watchBy,
} from '../../fixtures/scripted-workload.ts';

const failing: Partial<Workload> = {
  watch: watchBy(async () => ({ status: 'failed', as: 'DEPLOY_FAILED', reason: 'CRASH_LOOP', message: 'it crashes' })),
};

describe('one change of one workload', () => {
  test('that goes well is deployed, and the journal is closed', async () => {
    const io = fakeIo();
    const outcome = await deploy(rolloutOf(scriptedWorkload(), io));
    expect(outcome).toMatchObject({ kind: 'deployed', revision: 'agent:42', previousRevision: 'agent:41' });
    expect(openJournal(io).read()).toMatchObject({ phase: 'closed', outcome: 'deployed' });
  });

  test('is journaled with its mark before the call that can make it live', async () => {
    const io = fakeIo();
    const seen: unknown[] = [];
    const workload = scriptedWorkload({
      prepare: async () => {
        seen.push(openJournal(io).read()?.phase);
        return preparedBy(async () => {
          seen.push(openJournal(io).read());
          return operation;
        });
      },
    });
    await deploy(rolloutOf(workload, io));
    expect(seen).toEqual(['open', expect.objectContaining({ phase: 'sending', mark: 'mark-42', point })]);
  });

  test('that is live already is not sent again, unless it is forced', async () => {
    let sent = 0;
    const workload = scriptedWorkload({
      plan: async () => ({ unchanged: true, differences: [], platform: null }),
      prepare: async () =>
        preparedBy(async () => {
          sent += 1;
          return operation;
        }),
    });
    expect(await deploy(rolloutOf(workload, fakeIo()))).toMatchObject({ kind: 'unchanged', revision: 'agent:41' });
    expect(sent).toBe(0);
    expect(await deploy({ ...rolloutOf(workload, fakeIo()), force: true })).toMatchObject({ kind: 'deployed' });
    expect(sent).toBe(1);
  });

  test('that cannot be prepared touches nothing: the error goes up, and no rollback is tried', async () => {
    const workload = scriptedWorkload({
      prepare: async () => {
        throw new DeployError('PERMISSION_DENIED', 'no');
      },
      restore: async () => {
        throw new Error('must not be called');
      },
    });
    await expect(deploy(rolloutOf(workload, fakeIo()))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  test('that is no longer live after the smoke tests is not called deployed', async () => {
    const workload = scriptedWorkload({
      isLive: async () => false,
      restore: restorations({ status: 'superseded', message: 'agent:43 is live' }),
    });
    expect(await deploy(rolloutOf(workload, fakeIo()))).toMatchObject({ kind: 'superseded', revision: null });
  });

  test('that fails is kept on request, with the command to roll back', async () => {
    const rollout = { ...rolloutOf(scriptedWorkload(failing), fakeIo()), onFailure: 'keep' as const };
    const outcome = await deploy(rollout);
    expect(outcome).toMatchObject({ kind: 'kept', failure: { code: 'DEPLOY_FAILED' } });
    expect(outcome.notes.join()).toContain('platform restore agent:41');
  });

  test('that fails is diagnosed before it is undone', async () => {
    const outcome = await deploy(rolloutOf(scriptedWorkload(failing), fakeIo()));
    expect(outcome).toMatchObject({ kind: 'rolled-back', diagnosis: { cause: 'container web exited with code 1' } });
  });
});

const progressing = (requested: boolean): Restoration => ({
  status: 'progressing',
  requested,
  reason: 'WAITING',
  message: 'agent:41 is being restored',
});

describe('the outcome of a rollback', () => {
  test.each<[string, Restoration[], string]>([
    ['restored by us', [{ status: 'restored', by: 'us', message: 'back' }], 'rolled-back'],
    ['restored by the platform', [{ status: 'restored', by: 'platform', message: 'back' }], 'rolled-back'],
    [
      'progressing, then restored',
      [progressing(true), { status: 'restored', by: 'us', message: 'back' }],
      'rolled-back',
    ],
    ['nothing had gone live', [{ status: 'untouched', message: 'nothing' }], 'refused'],
    ['there is a newer deployment', [{ status: 'superseded', message: 'agent:43 is newer' }], 'superseded'],
    ['it failed', [{ status: 'failed', message: 'no' }], 'rollback-failed'],
    ['accepted, never seen to finish', [progressing(true)], 'rollback-unconfirmed'],
    ['never accepted', [progressing(false)], 'rollback-failed'],
  ])('%s', async (_, answers, kind) => {
    const io = fakeIo();
    const outcome = await deploy(rolloutOf(scriptedWorkload({ ...failing, restore: restorations(...answers) }), io));
    expect(outcome.kind).toBe(kind);
    expect(openJournal(io).read()).toMatchObject({ phase: 'closed', outcome: kind });
  });

  test('an error during it is rollback-failed, with both causes and the command', async () => {
    const workload = scriptedWorkload({
      ...failing,
      restore: async () => {
        throw new DeployError('PERMISSION_DENIED', 'could not stop it: no');
      },
    });
    const outcome = await deploy(rolloutOf(workload, fakeIo()));
    expect(outcome).toMatchObject({ kind: 'rollback-failed', failure: { code: 'DEPLOY_FAILED' } });
    expect(outcome.notes.join('\n')).toContain('could not stop it: no');
    expect(outcome.notes.join('\n')).toContain('platform restore agent:41');
  });
});

describe('a rollback that meets an error', () => {
  const refused = new DeployError('PERMISSION_DENIED', 'could not stop it: no', { hint: 'Add the permission.' });
  const restoring = (...answers: readonly (Restoration | Error)[]): Workload['restore'] => {
    let next = 0;
    return async () => {
      const found = answers[Math.min(next++, answers.length - 1)]!;
      if (found instanceof Error) throw found;
      return found;
    };
  };
  const back: Restoration = { status: 'restored', by: 'us', message: 'back' };

  test.each<[string, readonly (Restoration | Error)[]]>([
    ['a permission that a colleague adds meanwhile', [refused, refused, refused, back]],
    ['an answer that makes no sense', [new TypeError('Cannot read properties of undefined'), back]],
    ['a change that failed', [{ status: 'failed', message: 'the platform is out of capacity' }, back]],
    ['a conflict after it was requested', [progressing(true), new DeployError('DEPLOY_REJECTED', 'conflict'), back]],
  ])('goes on: %s', async (_, answers) => {
    const outcome = await deploy(rolloutOf(scriptedWorkload({ ...failing, restore: restoring(...answers) }), fakeIo()));
    expect(outcome).toMatchObject({ kind: 'rolled-back', rollback: null });
  });

  test.each<[string, readonly (Restoration | Error)[], string]>([
    ['before it was accepted is rollback-failed', [refused], 'rollback-failed'],
    ['after it was accepted is rollback-unconfirmed', [progressing(true), refused], 'rollback-unconfirmed'],
  ])('%s when its time is up, with its own cause and the command', async (_, answers, kind) => {
    const io = fakeIo();
    const startedAt = io.clock.now();
    const outcome = await deploy(rolloutOf(scriptedWorkload({ ...failing, restore: restoring(...answers) }), io));
    expect(outcome).toMatchObject({
      kind,
      failure: { code: 'DEPLOY_FAILED' },
      rollback: {
        failure: { code: 'PERMISSION_DENIED', hint: 'Add the permission.' },
        command: 'platform restore agent:41',
      },
    });
    expect(io.clock.now() - startedAt).toBe(300_000);
  });

  test('is not repeated where this process has nothing to restore from', async () => {
    const io = fakeIo();
    const lost = new DeployError(
      'JOURNAL_INVALID',
      'could not restore service agent: the restore point is not complete',
    );
    const outcome = await deploy(rolloutOf(scriptedWorkload({ ...failing, restore: restoring(lost) }), io));
    expect(outcome).toMatchObject({ kind: 'rollback-failed', rollback: { failure: { code: 'JOURNAL_INVALID' } } });
  });
});

test('a deploy whose end cannot be journaled is rolled back, as the post step would do it', async () => {
  const io = fakeIo();
  const rollout = rolloutOf(scriptedWorkload(), io);
  const journal: Rollout['journal'] = {
    ...rollout.journal,
    write(entry) {
      if (entry.phase === 'closed') throw new Error('ENOSPC: no space left on device');
      rollout.journal.write(entry);
    },
  };
  const outcome = await deploy({ ...rollout, journal });
  expect(outcome).toMatchObject({ kind: 'rolled-back', failure: { code: 'UNEXPECTED' } });
  expect(io.printed.join()).toContain('could not write the journal');
});

test('an exception that no code caught starts the rollback, and this process finishes it', async () => {
  const io = fakeIo();
  const workload = scriptedWorkload({
    watch: watchBy(async () => {
      io.cancel(new DeployError('UNEXPECTED', 'unexpected error: boom'));
      return { status: 'progressing', reason: 'ROLLING', message: '1 of 2' };
    }),
  });
  const outcome = await deploy(rolloutOf(workload, io));
  expect(outcome).toMatchObject({ kind: 'rolled-back', failure: { message: 'unexpected error: boom' } });
});

describe('a cancelled job', () => {
  test('requests the rollback at once and leaves the rest to post', async () => {
    const io = fakeIo();
    const asked: string[] = [];
    const workload = scriptedWorkload({
      watch: watchBy(async () => {
        io.cancel(new DeployError('CANCELLED', 'the job was cancelled (SIGINT)'));
        return { status: 'progressing', reason: 'ROLLING', message: '1 of 2' };
      }),
      restore: async () => {
        asked.push('restore');
        return progressing(true);
      },
    });
    await expect(deploy(rolloutOf(workload, io))).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(asked).toEqual(['restore']);
    expect(openJournal(io).read()).toMatchObject({ phase: 'rolling-back', failure: { code: 'CANCELLED' } });
  });

  test('with on-cancel: keep requests nothing, in main and in post', async () => {
    const io = fakeIo();
    const workload = scriptedWorkload({
      watch: watchBy(async () => {
        io.cancel(new DeployError('CANCELLED', 'the job was cancelled (SIGINT)'));
        return { status: 'progressing', reason: 'ROLLING', message: '1 of 2' };
      }),
      restore: async () => {
        throw new Error('must not be called');
      },
    });
    const rollout = { ...rolloutOf(workload, io), onCancel: 'keep' as const };
    await expect(deploy(rollout)).rejects.toMatchObject({ code: 'CANCELLED' });
    const entry = openJournal(io).read()!;
    expect(await finish({ ...rollout, entry, timeoutMs: 1_000 })).toMatchObject({ kind: 'kept' });
  });
});

describe('the verification of a rollback', () => {
  const pass: SmokeTest = {
    kind: 'command',
    name: 'run: true',
    script: 'true',
    timeoutMs: 5_000,
    passes: 1,
    retryForMs: 0,
    passedVariables: [],
  };
  const fail: SmokeTest = { ...pass, name: 'run: false', script: 'exit 3' };

  test.each<[string, SmokeTest[], string]>([
    ['every test passes on the previous revision', [pass], 'rolled-back'],
    ['one test passes, a newer one fails on both', [pass, fail], 'rolled-back'],
    ['no test passes', [fail], 'rollback-unconfirmed'],
  ])('%s', async (_, smokeTests, kind) => {
    // These tests run a real process, so they live in real time.
    const io = { ...fakeIo(), clock: systemClock };
    const outcome = await deploy({ ...rolloutOf(scriptedWorkload(failing), io), smokeTests });
    expect(outcome.kind).toBe(kind);
  });
});

test('the verification of a rollback goes on when the run was aborted', async () => {
  const io = { ...fakeIo(), clock: systemClock };
  const workload = scriptedWorkload({
    watch: watchBy(async () => {
      io.cancel(new DeployError('UNEXPECTED', 'unexpected error: boom'));
      return { status: 'progressing', reason: 'ROLLING', message: '1 of 2' };
    }),
  });
  const test = {
    kind: 'command',
    name: 'run: true',
    script: 'true',
    timeoutMs: 5_000,
    passes: 1,
    retryForMs: 0,
    passedVariables: [],
  } as const;
  const outcome = await deploy({ ...rolloutOf(workload, io), smokeTests: [test] });
  expect(outcome).toMatchObject({ kind: 'rolled-back', failure: { message: 'unexpected error: boom' } });
  expect(outcome.notes.join()).toContain('Verified: smoke tests pass on ');
});

function rolloutOf(workload: Workload, io: FakeIo): Rollout {
  return scriptedRollout(workload, io, rolling.plan([], workload.capabilities));
}
