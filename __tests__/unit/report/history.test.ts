import { describe, expect, test } from '@jest/globals';
import { emptyRecord, endAs, OUTCOME_KINDS, type OutcomeKind } from '../../../src/model/outcome.ts';
import type { Evidence } from '../../../src/report/evidence.ts';
import { historyOf } from '../../../src/report/history.ts';
import { noRunFacts } from '../../../src/report/run-facts.ts';

const STARTED = Date.parse('2026-11-29T10:00:00Z');
const record = {
  ...emptyRecord(STARTED),
  finishedAt: STARTED + 120_000,
  resource: 'service agent',
  phases: [
    { name: 'Roll out', startedAt: STARTED + 10_000, durationMs: 30_000 },
    { name: 'Roll back', startedAt: STARTED + 60_000, durationMs: 45_000 },
  ],
};
const run = {
  ...noRunFacts,
  environment: 'production',
  commit: 'c'.repeat(40),
  committedAt: '2026-11-29T09:50:00.000Z',
};
const failure = { code: 'SMOKE_TEST_FAILED', message: 'x', hint: null } as const;
const told = (kind: OutcomeKind, more: Partial<Evidence> = {}): Evidence => ({
  outcome: endAs(kind, kind === 'deployed' ? {} : { failure }),
  record,
  run,
  ...more,
});

describe('the line of a history', () => {
  test('has the lead time from the commit to the end of the deployment', () => {
    expect(historyOf(told('deployed'))).toEqual({
      ...{ service: 'service agent', environment: 'production', commit: run.commit, outcome: 'deployed' },
      ...{ isDeployment: true, isFailedChange: false, leadTimeMs: 12 * 60_000, recoveryMs: null },
      ...{ startedAt: '2026-11-29T10:00:00.000Z', finishedAt: '2026-11-29T10:02:00.000Z' },
    });
  });

  test('has the recovery time from the first change to the end of the rollback', () => {
    expect(historyOf(told('rolled-back'))).toMatchObject({
      ...{ isDeployment: false, isFailedChange: true, leadTimeMs: null, recoveryMs: 95_000 },
    });
  });

  test('counts a cancelled job as no failed change', () => {
    const outcome = endAs('rolled-back', { failure: { ...failure, code: 'CANCELLED' } });
    expect(historyOf(told('rolled-back', { outcome }))).toMatchObject({ isFailedChange: false, recoveryMs: null });
  });

  test.each(OUTCOME_KINDS)('of %s is a deployment, a failed change, or none of both', (kind) => {
    const { isDeployment, isFailedChange } = historyOf(told(kind));
    const isFailed = ['rolled-back', 'kept', 'rollback-unconfirmed', 'rollback-failed'].includes(kind);
    expect([isDeployment, isFailedChange]).toEqual([kind === 'deployed', isFailed]);
  });

  test('claims no time that is not known', () => {
    const unknown = { run: noRunFacts, record: { ...record, phases: [], finishedAt: null } };
    expect(historyOf(told('deployed', unknown))).toMatchObject({ leadTimeMs: null, finishedAt: null });
    expect(historyOf(told('rolled-back', unknown)).recoveryMs).toBeNull();
  });

  test('has no negative time where the clock of the commit runs ahead', () => {
    const ahead = { ...run, committedAt: '2026-11-29T11:00:00.000Z' };
    expect(historyOf(told('deployed', { run: ahead })).leadTimeMs).toBe(0);
  });
});
