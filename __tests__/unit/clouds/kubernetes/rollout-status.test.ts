import { describe, expect, test } from '@jest/globals';
import {
  createFailure,
  deadlineExceeded,
  describeStatus,
  readStatus,
  wasComplete,
} from '../../../../src/clouds/kubernetes/rollout-status.ts';

const deployment = (status: object, spec: object = { replicas: 3 }, generation = 2) => ({
  metadata: { generation },
  spec,
  status: { observedGeneration: 2, ...status },
});
const full = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };

describe('a Deployment is complete', () => {
  test.each([
    ['with every pod updated and available', full, { replicas: 3 }, true],
    [
      'without spec.replicas, which is 1',
      { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
      {},
      true,
    ],
    ['not while an old pod is there', { ...full, replicas: 4 }, { replicas: 3 }, false],
    ['not while one is not updated', { ...full, updatedReplicas: 2 }, { replicas: 3 }, false],
    ['not while one is not available', { ...full, availableReplicas: 2 }, { replicas: 3 }, false],
    ['not after an autoscaler asked for more', full, { replicas: 5 }, false],
    ['never with zero replicas', {}, { replicas: 0 }, false],
  ])('%s', (_, status, spec, isComplete) => {
    expect(readStatus(deployment(status, spec), { name: 'Deployment' }).isComplete).toBe(isComplete);
  });

  test('not by a status that is older than the object (behaviour 53)', () => {
    expect(readStatus(deployment(full, { replicas: 3 }, 3), { name: 'Deployment' })).toMatchObject({
      isObserved: false,
      isComplete: false,
    });
  });
});

describe('a StatefulSet is complete', () => {
  const statefulSet = (status: object) => deployment({ currentRevision: 'web-2', updateRevision: 'web-2', ...status });
  test.each([
    ['with every pod updated, ready and available', full, true],
    ['without a count of the available ones (old APIs)', { replicas: 3, updatedReplicas: 3, readyReplicas: 3 }, true],
    [
      'not by its revisions, which are equal at once after a forced rollback',
      { ...full, updatedReplicas: 2, readyReplicas: 2 },
      false,
    ],
  ])('%s', (_, status, isComplete) => {
    expect(readStatus(statefulSet(status), { name: 'StatefulSet' }).isComplete).toBe(isComplete);
  });
});

describe('a DaemonSet is complete', () => {
  const all = {
    desiredNumberScheduled: 2,
    currentNumberScheduled: 2,
    updatedNumberScheduled: 2,
    numberReady: 2,
    numberAvailable: 2,
  };
  test.each([
    ['with one updated and available on each node', all, true],
    ['not with an old one', { ...all, updatedNumberScheduled: 1 }, false],
    ['not where no node matches', {}, false],
  ])('%s', (_, status, isComplete) => {
    expect(readStatus(deployment(status, {}), { name: 'DaemonSet' }).isComplete).toBe(isComplete);
  });
});

test('the numbers are told', () => {
  const status = readStatus(deployment({ ...full, replicas: 4, updatedReplicas: 2, terminatingReplicas: 1 }), {
    name: 'Deployment',
  });
  expect(describeStatus(status)).toBe('2 of 3 pods updated, 3 available, 2 of the previous template left, 1 ending');
});

describe('a deadline that was exceeded', () => {
  const progressing = (message: string) =>
    deployment({ conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message }] });
  test('counts where its message names our ReplicaSet', () => {
    const message = 'ReplicaSet "web-6d4f" has timed out progressing.';
    expect(deadlineExceeded(progressing(message), 'web-6d4f')).toBe(message);
  });
  test('is stale where it names another one', () => {
    expect(deadlineExceeded(progressing('ReplicaSet "web-1111" has timed out progressing.'), 'web-6d4f')).toBeNull();
  });
  test('is no other one whose name begins alike', () => {
    expect(deadlineExceeded(progressing('ReplicaSet "web-6d4f9" has timed out progressing.'), 'web-6d4f')).toBeNull();
  });
});

test('a ReplicaSet’s own condition tells that no pod can be created', () => {
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' }];
  expect(createFailure({ status: { conditions } })).toBe('exceeded quota');
  expect(createFailure({ status: { conditions: [{ ...conditions[0], status: 'False' }] } })).toBeNull();
});

test('NewReplicaSetAvailable tells that it was complete once, not that it is', () => {
  const object = deployment({
    ...{ ...full, availableReplicas: 0 },
    conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }],
  });
  expect(wasComplete(object)).toBe(true);
  expect(readStatus(object, { name: 'Deployment' }).isComplete).toBe(false);
});
