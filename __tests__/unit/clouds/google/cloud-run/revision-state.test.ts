import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hintForReason } from '../../../../../src/clouds/google/cloud-run/condition-hints.ts';
import {
  describeConditions,
  findRevisionFailure,
  findRevisionProgress,
  isReady,
  readyAfterMs,
} from '../../../../../src/clouds/google/cloud-run/revision-state.ts';
import type { Condition } from '../../../../../src/clouds/google/cloud-run/typed-calls.ts';

const revision = (...conditions: readonly object[]) => ({ conditions: conditions as Condition[] });
const failed = { type: 'Ready', state: 'CONDITION_FAILED', message: 'not ready\nmore' };
const ready = { type: 'Ready', state: 'CONDITION_SUCCEEDED' };

describe('a revision', () => {
  test.each([
    [
      'at 0%, whose minimum of instances is not there',
      {
        type: 'MinInstancesProvisioned',
        state: 'CONDITION_FAILED',
        severity: 'INFO',
        revisionReason: 'MIN_INSTANCES_NOT_PROVISIONED',
      },
    ],
    ['that is reserved', { type: 'Active', state: 'CONDITION_FAILED', severity: 'INFO', revisionReason: 'RESERVE' }],
    [
      'whose reason says so, whatever the severity',
      { type: 'Active', state: 'CONDITION_FAILED', revisionReason: 'MIN_INSTANCES_NOT_PROVISIONED' },
    ],
    ['with a warning', { type: 'Other', state: 'CONDITION_FAILED', severity: 'WARNING' }],
  ])('%s is ready and has not failed', (_, condition) => {
    expect(isReady(revision(ready, condition))).toBe(true);
    expect(findRevisionFailure(revision(ready, condition))).toBeNull();
  });

  test('has failed as soon as one part has, with the part’s reason', () => {
    const part = {
      type: 'ContainerHealthy',
      state: 'CONDITION_FAILED',
      revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR',
      message: 'a\nb',
    };
    const pending = { type: 'Ready', state: 'CONDITION_RECONCILING', revisionReason: 'PENDING' };
    expect(findRevisionFailure(revision(pending, part))).toEqual({
      reason: 'HEALTH_CHECK_CONTAINER_ERROR',
      message: 'a',
    });
    expect(findRevisionFailure(revision(failed, part))).toMatchObject({ reason: 'HEALTH_CHECK_CONTAINER_ERROR' });
  });

  test('that failed for a reason which is newer than the client’s types has failed all the same', () => {
    expect(findRevisionFailure(revision({ ...failed, reason: 'A_NEWER_REASON' }))).toEqual({
      reason: 'A_NEWER_REASON',
      message: 'not ready',
    });
    expect(findRevisionFailure(revision(failed))).toEqual({ reason: '', message: 'not ready' });
  });

  test('says what it waits for', () => {
    const pending = {
      type: 'Ready',
      state: 'CONDITION_RECONCILING',
      revisionReason: 'PENDING',
      reason: 'COMMON_REASON_UNDEFINED',
    };
    expect(findRevisionProgress(revision(pending))).toEqual({ reason: 'PENDING', message: '' });
    expect(describeConditions(revision(ready, failed))).toEqual(['Ready FAILED: not ready']);
  });
});

describe('what to do about a reason', () => {
  /** From Google's own schema, so that a reason which a new version of the client brings is missed here. */
  const protos = readFileSync(
    path.resolve(
      import.meta.dirname,
      '../../../../../node_modules/@google-cloud/run/build/protos/google/cloud/run/v2/condition.proto',
    ),
    'utf8',
  );
  const reasonsOf = (name: string): readonly string[] => {
    const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(protos)?.[1] ?? '';
    return [...body.matchAll(/^\s*([A-Z_]+) = \d+;/gm)]
      .map(([, word]) => word!)
      .filter((word) => !word.endsWith('UNDEFINED'));
  };
  const reasons = [...reasonsOf('CommonReason'), ...reasonsOf('RevisionReason')];

  test('is known for every reason of a service and a revision', () => {
    expect(reasons.length).toBeGreaterThan(25);
    expect(reasons.filter((reason) => hintForReason(reason) === null)).toEqual([]);
    for (const reason of reasons) expect(hintForReason(reason)).toMatch(/^[A-Z].*\.$/);
  });

  test('is not made up for another', () => {
    expect(['SOMETHING_NEW', 'toString', '__proto__'].map(hintForReason)).toEqual([null, null, null]);
  });
});

describe('how long a revision took to be ready', () => {
  const createTime = '2026-03-02T09:00:00.500Z';
  const since = (state: string) => ({ type: 'Ready', state, lastTransitionTime: '2026-03-02T09:00:42.750Z' });

  test('is from its making until its Ready condition changed', () => {
    const document = {
      createTime,
      conditions: [{ type: 'Active', state: 'CONDITION_FAILED' }, since('CONDITION_SUCCEEDED')],
    };
    expect(readyAfterMs(document)).toBe(42_250);
  });

  test.each([
    ['it never was', { createTime, conditions: [since('CONDITION_FAILED')] }],
    ['no time is given', { createTime, conditions: [{ type: 'Ready', state: 'CONDITION_SUCCEEDED' }] }],
    [
      'it was ready before it was made',
      { ...{ createTime: '2026-03-02T10:00:00Z' }, conditions: [since('CONDITION_SUCCEEDED')] },
    ],
    [
      'it was ready again an hour later',
      { createTime: '2026-03-02T08:00:00Z', conditions: [since('CONDITION_SUCCEEDED')] },
    ],
    ['nothing is said', {}],
  ])('is unknown where %s', (_, document) => {
    expect(readyAfterMs(document)).toBeNull();
  });
});
