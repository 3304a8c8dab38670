import { describe, expect, test } from '@jest/globals';
import { classifyCreateFailure, maxUnavailableOf } from '../../../../src/clouds/kubernetes/create-failure.ts';
import type { RolloutStatus } from '../../../../src/clouds/kubernetes/rollout-status.ts';

const status = (change: Partial<RolloutStatus> = {}): RolloutStatus => ({
  ...{ isObserved: true, isComplete: false, desired: 3, updated: 0, ready: 3, available: 3, old: 3, terminating: 0 },
  ...change,
});
const QUOTA = 'pods "web-x" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=3, limited: pods=3';

describe('a full quota', () => {
  test.each<[string, Partial<RolloutStatus>, number, number | null]>([
    ['is fatal where no old pod may be missing', {}, 0, 3_000],
    ['passes where the rollout may take one away', {}, 1, null],
    ['passes while a pod ends', { terminating: 1 }, 0, null],
    ['passes while a new one starts', { updated: 1 }, 0, null],
    [
      'is given the time of some retries where a pod that had its place is gone',
      { updated: 1, old: 1, available: 2 },
      1,
      240_000,
    ],
    ['and on the way back, where nothing of the old is left', { updated: 0, old: 0, available: 0 }, 1, 240_000],
  ])('%s', (_, change, maxUnavailable, fatalAfterMs) => {
    expect(classifyCreateFailure(QUOTA, { status: status(change), maxUnavailable })).toMatchObject({
      reason: 'QUOTA',
      fatalAfterMs,
    });
  });
});

test.each([
  ['violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false', 'REFUSED', /Pod Security/],
  ['error looking up service account shop/web: serviceaccount "web" not found', 'REFUSED', /ServiceAccount/],
  ['admission webhook "policy.acme.dev" denied the request: no latest tag', 'REFUSED', /policy/],
  [
    'Internal error occurred: failed calling webhook "policy.acme.dev": connection refused',
    'WEBHOOK_FAILED',
    /webhook/,
  ],
])('%s: %s', (message, reason, hint) => {
  expect(classifyCreateFailure(message, { status: status(), maxUnavailable: 1 })).toMatchObject({
    reason,
    hint: expect.stringMatching(hint),
  });
});

test.each([
  ['25% of 4, by default', {}, 4, 1],
  ['25% of 3, rounded down', {}, 3, 0],
  ['a number', { rollingUpdate: { maxUnavailable: 2 } }, 5, 2],
  ['a percentage', { rollingUpdate: { maxUnavailable: '50%' } }, 5, 2],
  ['none, and no surge: the controller takes one', { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } }, 5, 1],
  ['all of them', { type: 'Recreate' }, 5, 5],
])('how many may be missing: %s', (_, strategy, desired, expected) => {
  expect(maxUnavailableOf({ spec: { strategy } }, desired)).toBe(expected);
});
