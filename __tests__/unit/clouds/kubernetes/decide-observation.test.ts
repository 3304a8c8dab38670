import { describe, expect, test } from '@jest/globals';
import { decideObservation, type RolloutFacts } from '../../../../src/clouds/kubernetes/decide-observation.ts';
import type { RolloutStatus } from '../../../../src/clouds/kubernetes/rollout-status.ts';

const status: RolloutStatus = {
  ...{ isObserved: true, isComplete: false, desired: 3, updated: 1, ready: 3, available: 3, old: 3, terminating: 0 },
};
const done: RolloutStatus = { ...status, isComplete: true, updated: 3, old: 0 };
const failure = {
  reason: 'OOMKilled',
  message: 'pod web-1: OOMKilled',
  hint: 'Raise it.',
  pod: 'web-1',
  container: 'web',
};
const noRoom = { ...failure, reason: 'Unschedulable', message: 'pod web-1: Unschedulable: no node has room for it' };
const refused = {
  reason: 'QUOTA',
  message: 'exceeded quota',
  hint: 'Raise the quota.',
  fatalAfterMs: 3_000,
  isSeen: true,
} as const;

/** In the middle of a rollout, with nothing wrong. */
const facts = (change: Partial<RolloutFacts> = {}): RolloutFacts => ({
  ...{ ours: 'web-6d4f', goal: { kind: 'up' }, otherChange: null, isPaused: false, allowsEmpty: false, status },
  ...{ deadlineExceeded: null, createFailure: null, unstableMs: 10_000 },
  pods: { failure: null, notes: [], isSuspicious: false },
  ...change,
});

describe('goes on', () => {
  test.each<[string, Partial<RolloutFacts>, string, RegExp]>([
    [
      'while pods are updated',
      {},
      'ROLLING_OUT',
      /^web-6d4f: 1 of 3 pods updated, 3 available, 3 of the previous template left$/,
    ],
    [
      'before the controller has seen it',
      { status: { ...done, isObserved: false, isComplete: false } },
      'NOT_OBSERVED',
      /not begun/,
    ],
    [
      'while it may still crash',
      { status: done, unstableMs: 4_000 },
      'STABILIZING',
      /watching for 10s that it stays so/,
    ],
    [
      'while a quota may pass',
      { createFailure: { ...refused, fatalAfterMs: null, isSeen: false } },
      'ROLLING_OUT',
      /no pod can be created now: exceeded quota/,
    ],
    ...[
      { ...status, terminating: 1 },
      { ...status, available: 2, old: 2 },
    ].map((making): [string, Partial<RolloutFacts>, string, RegExp] => [
      `while an old pod makes room (${making.terminating} ending, ${making.available} available)`,
      { status: making, pods: { failure: noRoom, notes: [], isSuspicious: true } },
      'ROLLING_OUT',
      /1 of 3 pods updated/,
    ]),
    ['while someone has paused it', { isPaused: true }, 'ROLLING_OUT', /it is paused/],
    [
      'past a deadline that an older status tells',
      { deadlineExceeded: 'timed out', status: { ...status, isObserved: false } },
      'NOT_OBSERVED',
      /not begun/,
    ],
  ])('%s', (_, change, reason, message) => {
    expect(decideObservation(facts(change))).toMatchObject({
      status: 'progressing',
      reason,
      message: expect.stringMatching(message),
    });
  });
});

describe('fails', () => {
  test.each<[string, Partial<RolloutFacts>, string, string, RegExp]>([
    [
      'by a pod',
      { pods: { failure, notes: [], isSuspicious: true } },
      'OOMKilled',
      'DEPLOY_FAILED',
      /OOMKilled\. Raise it\./,
    ],
    [
      'by a pod, though the controller calls it complete',
      { status: done, unstableMs: 0, pods: { failure, notes: [], isSuspicious: true } },
      'OOMKilled',
      'DEPLOY_FAILED',
      /OOMKilled/,
    ],
    [
      'where no pod can be created',
      { createFailure: refused },
      'QUOTA',
      'DEPLOY_FAILED',
      /no pod can be created: exceeded quota/,
    ],
    [
      'by its own deadline',
      { deadlineExceeded: 'ReplicaSet "web-6d4f" has timed out' },
      'PROGRESS_DEADLINE_EXCEEDED',
      'DEPLOY_FAILED',
      /timed out/,
    ],
    [
      'scaled to zero',
      { status: { ...status, desired: 0, updated: 0, old: 0 } },
      'NO_REPLICAS',
      'DEPLOY_FAILED',
      /nothing runs/,
    ],
    [
      'by another deployment, before all else',
      { otherChange: 'acme/web, run 2', pods: { failure, notes: [], isSuspicious: true } },
      'SUPERSEDED',
      'SUPERSEDED',
      /run 2/,
    ],
  ])('%s', (_, change, reason, as, message) => {
    expect(decideObservation(facts(change))).toMatchObject({
      status: 'failed',
      reason,
      as,
      message: expect.stringMatching(message),
    });
  });
});

describe('succeeds', () => {
  test('complete, and stable for its time', () => {
    expect(decideObservation(facts({ status: done, unstableMs: 0 }))).toMatchObject({
      status: 'succeeded',
      reason: 'DONE',
    });
  });
  test('at its end, also while an autoscaler adds pods', () => {
    expect(decideObservation(facts({ goal: { kind: 'finished' } }))).toMatchObject({ status: 'succeeded' });
  });
  test('without pods where none are wanted, once those of the previous template have ended', () => {
    const none = { ...status, desired: 0, updated: 0, ready: 0, available: 0 };
    const observe = (old: number) => decideObservation(facts({ allowsEmpty: true, status: { ...none, old } }));
    expect([observe(3).status, observe(0).status]).toEqual(['progressing', 'succeeded']);
  });
});
