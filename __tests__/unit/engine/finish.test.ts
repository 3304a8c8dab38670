import { describe, expect, test } from '@jest/globals';
import { tryFindEndpoint } from '../../../src/engine/endpoint.ts';
import { recalled, untouched } from '../../../src/engine/finish.ts';
import { type JournalEntry, openJournal } from '../../../src/engine/journal.ts';
import { rollBack } from '../../../src/engine/rollback.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { isGreen } from '../../../src/model/outcome.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { scriptedRollout } from '../../fixtures/scripted-rollout.ts';
import { point, scriptedWorkload } from '../../fixtures/scripted-workload.ts';

const entry: JournalEntry = {
  version: 1,
  phase: 'closed',
  image: `ghcr.io/acme/agent@sha256:${'a'.repeat(64)}`,
  point,
  mark: 'mark-42',
  failure: null,
  outcome: 'deployed',
};

describe('a main step that was killed', () => {
  test('after it had deployed, before it said so, is deployed', () => {
    const outcome = recalled(entry);
    expect(isGreen(outcome)).toBe(true);
    expect(outcome).toMatchObject({ kind: 'deployed', previousRevision: 'agent:41', failure: null });
    expect(outcome.notes.join()).toContain('before it could report it');
  });

  test('after it had rolled back, before it said so, keeps the reason', () => {
    const failure = { code: 'SMOKE_TEST_FAILED', message: 'it failed', hint: null } as const;
    expect(recalled({ ...entry, outcome: 'rolled-back', failure })).toMatchObject({ kind: 'rolled-back', failure });
  });

  test('after its rollback had ended, before it said so, says what that rollback said', async () => {
    const io = fakeIo();
    const workload = scriptedWorkload({ restore: async () => ({ status: 'superseded', message: 'theirs is live' }) });
    const rolling = { ...entry, phase: 'rolling-back', outcome: null } as const;
    const rollout = scriptedRollout(workload, io, []);
    const ended = await rollBack({ ...rollout, entry: rolling, timeoutMs: 60_000 });
    expect(recalled(openJournal(io).read()!).notes.slice(0, -1)).toEqual(ended.notes);
    expect(ended.notes).toEqual(['theirs is live']);
  });

  test('and what the reader had to know is said: notes, and how to repair a rollback that failed', () => {
    const failure = { code: 'TIMEOUT', message: 'could not wait any longer', hint: null } as const;
    const rollback = { failure, command: 'aws ecs update-service' };
    const outcome = recalled({ ...entry, outcome: 'rollback-failed', notes: ['The traffic stays pinned.'], rollback });
    expect(outcome).toMatchObject({ kind: 'rollback-failed', rollback });
    expect(outcome.notes[0]).toBe('The traffic stays pinned.');
  });

  test('before it read anything is refused, and red', () => {
    expect(untouched(null)).toMatchObject({ kind: 'refused', notes: [], failure: { code: 'INTERRUPTED' } });
    expect(isGreen(untouched(null))).toBe(false);
  });

  test('while it made the new revision is refused, and says that one may stay registered', () => {
    const outcome = untouched({ ...entry, phase: 'open', mark: null, outcome: null });
    expect(outcome).toMatchObject({ kind: 'refused', revision: 'agent:41' });
    expect(outcome.notes.join()).toContain('may stay registered');
  });
});

test('a rollback whose time is up names the input that bounds it, and what was seen last', async () => {
  const progressing = {
    status: 'progressing',
    requested: true,
    reason: 'X',
    message: '0 of 2 tasks of agent:41 run',
  } as const;
  const workload = scriptedWorkload({ restore: async () => progressing });
  const rollout = scriptedRollout(workload, fakeIo(), []);
  const ended = await rollBack({ ...rollout, entry: { ...entry, phase: 'rolling-back' }, timeoutMs: 60_000 });
  expect(ended).toMatchObject({ kind: 'rollback-unconfirmed' });
  const said = ended.notes.join(' ');
  expect(said).toContain('last seen: 0 of 2 tasks of agent:41 run');
  expect(said).toContain('`rollback-timeout`');
  expect(said).not.toContain('with `timeout`');
});

test('a rollback that can read no more says what it saw before: how it ended may be known, and a command', async () => {
  let polls = 0;
  const restore = async () => {
    polls += 1;
    if (polls > 1) throw new DeployError('PERMISSION_DENIED', 'could not read the app');
    return { status: 'progressing', requested: true, reason: 'X', message: 'the traffic stays pinned: run x' } as const;
  };
  const rollout = scriptedRollout(scriptedWorkload({ restore }), fakeIo(), []);
  const ended = await rollBack({ ...rollout, entry: { ...entry, phase: 'rolling-back' }, timeoutMs: 60_000 });
  expect(ended).toMatchObject({ kind: 'rollback-unconfirmed' });
  expect(ended.notes).toContain('Rollback: could not read the app');
  expect(ended.notes).toContain('Seen before that: the traffic stays pinned: run x');
});

test('a rollback continues without an address of the service', async () => {
  const io = fakeIo();
  const workload = scriptedWorkload({
    endpoint: async () => {
      throw new DeployError('PERMISSION_DENIED', 'could not read the load balancer: no');
    },
  });
  expect(await tryFindEndpoint(null, workload, io)).toBeNull();
  expect(io.printed.join()).toContain('could not read the load balancer: no. The rollback continues');
});
