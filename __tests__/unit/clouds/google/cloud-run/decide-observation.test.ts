import { describe, expect, test } from '@jest/globals';
import { judgeRollout, type RolloutFacts } from '../../../../../src/clouds/google/cloud-run/decide-observation.ts';

const old = { revision: 'agent-old', percent: 100, tag: null };
const settled = { generation: 2, reconciling: false, state: 'CONDITION_SUCCEEDED', reason: '', message: '' };
const ready = { ready: true, failure: null, progress: null };
const facts = (change: Partial<RolloutFacts> = {}): RolloutFacts => ({
  ...{ ours: 'agent-new', goal: { kind: 'up' }, isStale: false, theirs: null, revision: ready, progress: settled },
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
      'done when it is ready and the traffic is as asked',
      {},
      'succeeded',
      'DONE',
      /agent-old 100 %; agent-new is ready and gets none/,
    ],
    [
      'done with its share',
      { effective: share, expected: share, goal: { kind: 'weight', percent: 5 } },
      'succeeded',
      'DONE',
      /agent-old 95 %, agent-new 5 %$/,
    ],
    ['not done while the traffic is another', { expected: share }, 'progressing', 'TRAFFIC_MOVES', /agent-old 100 %/],
    ['not to be seen yet', { isStale: true, revision: null }, 'progressing', 'STALE', /does not show it yet/],
    [
      'stale before anything else is believed',
      { isStale: true, theirs: 'x', operationError: 'y' },
      'progressing',
      'STALE',
      /./,
    ],
    [
      'overtaken',
      { theirs: 'agent-3 was deployed after ours', operationError: 'x' },
      'failed',
      'SUPERSEDED',
      /agent-3/,
    ],
    [
      'hopeless when its revision failed, before the operation says so',
      { revision: { ready: false, failure, progress: null } },
      'failed',
      failure.reason,
      /agent-new is not ready \(HEALTH_CHECK_CONTAINER_ERROR: did not listen\)$/,
    ],
    [
      'hopeless when it is ready no more',
      { revision: { ready: false, failure, progress: null }, effective: share, expected: share },
      'failed',
      failure.reason,
      /not ready/,
    ],
    [
      'hopeless when the operation failed',
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
      'hopeless when the service as a whole failed',
      {
        progress: { ...settled, state: 'CONDITION_FAILED', reason: 'REVISION_FAILED', message: 'agent-2 is not ready' },
      },
      'failed',
      'REVISION_FAILED',
      /agent-2 is not ready/,
    ],
    [
      'going on while the revision is not there',
      { revision: null },
      'progressing',
      'NOT_READY',
      /agent-new is being made/,
    ],
    [
      'going on while it starts, with what it waits for',
      { revision: { ready: false, failure: null, progress: { reason: 'PENDING', message: '' } } },
      'progressing',
      'NOT_READY',
      /is starting \(PENDING\)/,
    ],
  ])('%s', (_, change, status, reason, message) => {
    const observation = judgeRollout(facts(change));
    expect(observation).toMatchObject({ status, reason });
    expect(observation.message).toMatch(message);
  });
});

test('the end is near when our revision is ready, and only the traffic is missing', () => {
  const reconciling = { ...settled, reconciling: true };
  expect(judgeRollout(facts({ progress: reconciling }))).toMatchObject({ nearEnd: true });
  expect(judgeRollout(facts({ expected: share }))).toMatchObject({ nearEnd: true });
  expect(judgeRollout(facts({ progress: reconciling, revision: null }))).not.toHaveProperty('nearEnd');
});
