import { describe, expect, test } from '@jest/globals';
import {
  decideObservation,
  isNearEnd,
  type RolloutFacts,
} from '../../../../../src/clouds/google/cloud-run/decide-observation.ts';

const old = { revision: 'agent-old', percent: 100, tag: null };
const settled = { generation: 2, reconciling: false, state: 'CONDITION_SUCCEEDED', reason: '', message: '' };
const ready = { ready: true, failure: null, progress: null, unchecked: null };
const facts = (change: Partial<RolloutFacts> = {}): RolloutFacts => ({
  ...{ ours: 'agent-new', goal: { kind: 'up' }, isStale: false, otherChange: null, revision: ready, progress: settled },
  ...{ operationError: null, effective: [old], expected: [old] },
  ...change,
});
const failure = { reason: 'HEALTH_CHECK_CONTAINER_ERROR', message: 'did not listen\n\nLogs URL: https://x' };
const share = [
  { ...old, percent: 95 },
  { revision: 'agent-new', percent: 5, tag: 'c-1' },
];

describe('our change is', () => {
  test.each<[string, Partial<RolloutFacts>, string, string, RegExp]>([
    [
      'done when it is ready and the traffic is as requested',
      {},
      'succeeded',
      'DONE',
      /agent-old 100%; agent-new is ready and gets no traffic/,
    ],
    [
      'done with its share',
      { effective: share, expected: share, goal: { kind: 'weight', percent: 5 } },
      'succeeded',
      'DONE',
      /agent-old 95%, agent-new 5%$/,
    ],
    ['not done while the traffic is another', { expected: share }, 'progressing', 'MOVING_TRAFFIC', /agent-old 100%/],
    ['not to be seen yet', { isStale: true, revision: null }, 'progressing', 'STALE', /does not show it yet/],
    [
      'stale before anything else is believed',
      { isStale: true, otherChange: 'x', operationError: 'y' },
      'progressing',
      'STALE',
      /./,
    ],
    [
      'superseded',
      { otherChange: 'agent-3 was deployed after ours', operationError: 'x' },
      'failed',
      'SUPERSEDED',
      /agent-3/,
    ],
    [
      'failed when its revision failed, before the operation says so',
      { revision: { ready: false, failure, progress: null, unchecked: null } },
      'failed',
      failure.reason,
      /agent-new is not ready \(HEALTH_CHECK_CONTAINER_ERROR: did not listen\)$/,
    ],
    [
      'failed when it is no longer ready',
      { revision: { ready: false, failure, progress: null, unchecked: null }, effective: share, expected: share },
      'failed',
      failure.reason,
      /not ready/,
    ],
    [
      'failed when the operation failed',
      { operationError: 'Revision x\nmore' },
      'failed',
      'OPERATION_FAILED',
      /^Revision x$/,
    ],
    [
      'going on while it reconciles',
      { progress: { ...settled, reconciling: true } },
      'progressing',
      'RECONCILING',
      /agent-new is ready/,
    ],
    [
      'failed when the service as a whole failed',
      {
        progress: { ...settled, state: 'CONDITION_FAILED', reason: 'REVISION_FAILED', message: 'agent-2 is not ready' },
      },
      'failed',
      'REVISION_FAILED',
      /agent-2 is not ready/,
    ],
    [
      'going on while the revision does not exist',
      { revision: null },
      'progressing',
      'NOT_READY',
      /agent-new is being created/,
    ],
    [
      'going on while it starts, with what it waits for',
      { revision: { ready: false, failure: null, progress: { reason: 'PENDING', message: '' }, unchecked: null } },
      'progressing',
      'NOT_READY',
      /is starting \(PENDING\)/,
    ],
  ])('%s', (_, change, status, reason, message) => {
    const observation = decideObservation(facts(change));
    expect(observation).toMatchObject({ status, reason });
    expect(observation.message).toMatch(message);
  });
});

test('what failed is said to be ours, or superseded', () => {
  expect(decideObservation(facts({ otherChange: 'x' }))).toMatchObject({ as: 'SUPERSEDED' });
  expect(decideObservation(facts({ operationError: 'x' }))).toMatchObject({ as: 'DEPLOY_FAILED' });
  const failedRevision = { ready: false, failure: { reason: '', message: '' }, progress: null, unchecked: null };
  const unnamed = { as: 'DEPLOY_FAILED', reason: 'DEPLOY_FAILED' };
  expect(decideObservation(facts({ revision: failedRevision }))).toMatchObject(unnamed);
});

test('the end is near when our revision is ready, and only the traffic is missing', () => {
  const reconciling = { ...settled, reconciling: true };
  expect(isNearEnd(facts({ progress: reconciling }))).toBe(true);
  expect(isNearEnd(facts({ expected: share }))).toBe(true);
  expect(isNearEnd(facts({ progress: reconciling, revision: null }))).toBeNull();
  expect(isNearEnd(facts({ isStale: true }))).toBeNull();
});

describe('the share in force', () => {
  const goal = { kind: 'weight', percent: 5 } as const;

  test('is what our revision gets, whatever was requested', () => {
    const reached = decideObservation(facts({ goal, effective: share, expected: share }));
    expect(reached).toMatchObject({ status: 'succeeded', share: { percent: 5, why: null } });
    const moving = decideObservation(facts({ goal, expected: share }));
    expect(moving).toMatchObject({ status: 'progressing', share: { percent: 0, why: null } });
  });

  test('is not known while the latest revision has no name, nor asked for where no traffic is moved', () => {
    const progress = { ...settled, reconciling: true };
    const unnamed = facts({ goal, progress, effective: [{ revision: null, percent: 100, tag: null }] });
    expect(decideObservation(unnamed)).not.toHaveProperty('share');
    expect(decideObservation(facts())).not.toHaveProperty('share');
  });
});
