import { describe, expect, test } from '@jest/globals';
import { tryFindEndpoint } from '../../../src/engine/endpoint.ts';
import { recalled, untouched } from '../../../src/engine/finish.ts';
import type { JournalEntry } from '../../../src/engine/journal.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { isGreen } from '../../../src/model/outcome.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
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
