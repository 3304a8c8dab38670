import { describe, expect, test } from '@jest/globals';
import { openPodJudge, type PodReading } from '../../../../src/clouds/kubernetes/judge-pods.ts';
import type { PodFinding } from '../../../../src/clouds/kubernetes/pod-finding.ts';

const finding = (change: Partial<PodFinding> = {}): PodFinding => ({
  ...{
    reason: 'CrashLoopBackOff',
    message: 'it crashes',
    hint: null,
    container: 'web',
    fatalAfterMs: 0,
    isOfTemplate: true,
  },
  ...change,
});
const reading = (name: string, ...findings: PodFinding[]): PodReading => ({
  pod: { metadata: { name, uid: `uid-${name}` }, status: { conditions: [{ type: 'Ready', status: 'False' }] } },
  findings,
});
const ready: PodReading = {
  pod: { metadata: { name: 'good', uid: 'uid-good' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } },
  findings: [],
};

test('what is certain fails at once, with the pod and the container', () => {
  const verdict = openPodJudge()([reading('web-1', finding())], 0);
  expect(verdict.failure).toEqual({
    ...{ reason: 'CrashLoopBackOff', hint: null, pod: 'web-1', container: 'web' },
    message: 'pod web-1, container web: CrashLoopBackOff: it crashes',
  });
});

describe('what may pass', () => {
  test('fails when it is seen for its time', () => {
    const judge = openPodJudge();
    const seen = [reading('web-1', finding({ reason: 'CreateContainerConfigError', fatalAfterMs: 6_000 }))];
    expect(judge(seen, 0)).toMatchObject({ failure: null, isSuspicious: true });
    expect(judge(seen, 5_999).failure).toBeNull();
    expect(judge(seen, 6_000).failure).not.toBeNull();
  });

  test('begins again when it was gone', () => {
    const judge = openPodJudge();
    const seen = [reading('web-1', finding({ fatalAfterMs: 6_000 }))];
    judge(seen, 0);
    judge([reading('web-1')], 3_000);
    expect(judge(seen, 7_000).failure).toBeNull();
  });

  test('is one thing, whether an image is being pulled or backs off', () => {
    const judge = openPodJudge();
    judge([reading('web-1', finding({ reason: 'ErrImagePull', fatalAfterMs: 1_000 }))], 0);
    expect(
      judge([reading('web-1', finding({ reason: 'ImagePullBackOff', fatalAfterMs: 1_000 }))], 1_000).failure,
    ).not.toBeNull();
  });

  test('is not counted while it is no failure: 429 for a minute, then not found', () => {
    const judge = openPodJudge();
    judge([reading('web-1', finding({ reason: 'ErrImagePull', fatalAfterMs: null }))], 0);
    expect(
      judge([reading('web-1', finding({ reason: 'ErrImagePull', fatalAfterMs: 1_000 }))], 60_000).failure,
    ).toBeNull();
  });
});

test('what may be one node’s is given time beside a ready pod, and none without', () => {
  const one = reading('web-1', finding({ reason: 'CreateContainerError', isOfTemplate: false, fatalAfterMs: 0 }));
  const judge = openPodJudge();
  expect(judge([one, ready], 0).failure).toBeNull();
  expect(judge([one, ready], 30_000).failure).not.toBeNull();
  expect(openPodJudge()([one], 0).failure).not.toBeNull();
});

test('some evictions are the nodes’ affair, many are not', () => {
  const evicted = finding({ reason: 'Evicted', fatalAfterMs: null, isOfTemplate: false });
  const many = Array.from({ length: 5 }, (_, index) => reading(`web-${index}`, evicted));
  expect(openPodJudge()(many.slice(1), 0)).toMatchObject({ failure: null, isSuspicious: false });
  expect(openPodJudge()(many, 0).failure).toMatchObject({ reason: 'Evicted' });
});
