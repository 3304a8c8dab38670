import { describe, expect, test } from '@jest/globals';
import { classifyPod } from '../../../../src/clouds/kubernetes/classify-pod.ts';
import type { ClusterEvent } from '../../../../src/clouds/kubernetes/pod-finding.ts';
import { classifyPullError } from '../../../../src/clouds/kubernetes/pull-error.ts';

const IMAGE = 'ghcr.io/acme/not-found:v2';

interface Given {
  readonly status?: object;
  readonly init?: object;
  readonly restartPolicy?: string;
  readonly conditions?: readonly object[];
  readonly pod?: object;
}

function pod({ status = {}, init, restartPolicy, conditions = [], pod: more = {} }: Given) {
  return {
    metadata: { name: 'web-1', uid: 'u1' },
    spec: {
      initContainers: init ? [{ name: 'init', image: IMAGE, ...(restartPolicy ? { restartPolicy } : {}) }] : [],
      containers: [{ name: 'web', image: IMAGE, resources: { limits: { memory: '64Mi' } } }],
    },
    status: {
      phase: 'Pending',
      conditions,
      ...(init ? { initContainerStatuses: [{ name: 'init', restartCount: 0, ...init }] } : {}),
      containerStatuses: [{ name: 'web', ready: false, restartCount: 0, ...status }],
      ...more,
    },
  };
}

const waiting = (reason: string, message = '') => ({ state: { waiting: { reason, message } } });
const ended = (end: object) => ({ state: { terminated: { exitCode: 1, reason: 'Error', ...end } } });
const endedBefore = (end: object, restartCount: number) => ({
  state: { running: {} },
  lastState: { terminated: { exitCode: 1, reason: 'Error', ...end } },
  restartCount,
});
const event = (reason: string, message = '', type = 'Warning'): ClusterEvent => ({ type, reason, message, count: 1 });

const findings = (given: Given, events: readonly ClusterEvent[] = []) => classifyPod(pod(given), { events });
const first = (given: Given, events: readonly ClusterEvent[] = []) => findings(given, events)[0];
const unschedulable = [
  {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message: '0/2 nodes are available: 2 Insufficient cpu.',
  },
];

describe('fatal, within ten seconds of the first evidence', () => {
  test.each<[string, Given, string, RegExp]>([
    ['an image name that is none', { status: waiting('InvalidImageName') }, 'InvalidImageName', /image can’t be used/],
    [
      'an image that is never pulled',
      { status: waiting('ErrImageNeverPull') },
      'ErrImageNeverPull',
      /image can’t be used/,
    ],
    [
      'an image that is not there',
      { status: waiting('ErrImagePull', `rpc error: code = NotFound desc = failed to resolve "${IMAGE}": not found`) },
      'ErrImagePull',
      /can’t be pulled \(/,
    ],
    [
      'the same, backing off',
      { status: waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}": ErrImagePull: manifest unknown`) },
      'ImagePullBackOff',
      /manifest unknown/,
    ],
    [
      'a registry that denies it',
      { status: waiting('ErrImagePull', 'pull access denied, repository does not exist or may require authorization') },
      'ErrImagePull',
      /denied/,
    ],
    [
      'an image of another platform',
      { status: waiting('ErrImagePull', 'no match for platform in manifest: not found') },
      'ErrImagePull',
      /no match for platform/,
    ],
    [
      'a missing Secret',
      { status: waiting('CreateContainerConfigError', 'secret "openai" not found') },
      'CreateContainerConfigError',
      /secret "openai" not found/,
    ],
    [
      'a container that can’t be created',
      { status: waiting('CreateContainerError', 'context') },
      'CreateContainerError',
      /can’t be started/,
    ],
    [
      'a program that isn’t there',
      { status: waiting('RunContainerError', 'exec: "serve": executable file not found in $PATH') },
      'RunContainerError',
      /executable file not found/,
    ],
    [
      'a crash loop',
      {
        status: {
          ...waiting('CrashLoopBackOff'),
          lastState: { terminated: { exitCode: 1, reason: 'Error' } },
          restartCount: 1,
        },
      },
      'CrashLoopBackOff',
      /it crashes: exit code 1, Error, 1 restart$/,
    ],
    [
      'a second restart after an error',
      { status: endedBefore({ exitCode: 2 }, 2) },
      'CrashLoop',
      /exit code 2, Error, 2 restarts/,
    ],
    [
      'a program that ends by itself',
      {
        status: {
          ...waiting('CrashLoopBackOff'),
          lastState: { terminated: { exitCode: 0, reason: 'Completed' } },
          restartCount: 3,
        },
      },
      'CrashLoopBackOff',
      /ends by itself/,
    ],
    [
      'out of memory again',
      { status: { ...ended({ exitCode: 137, reason: 'OOMKilled' }), restartCount: 1 } },
      'OOMKilled',
      /memory limit is 64Mi/,
    ],
    [
      'a wrong architecture',
      { status: ended({ exitCode: 255, message: 'exec /app: exec format error' }) },
      'Error',
      /program can’t be run/,
    ],
    ['exit code 127', { status: ended({ exitCode: 127 }) }, 'Error', /exit code 127/],
    ['exit code 126', { status: endedBefore({ exitCode: 126 }, 1) }, 'Error', /exit code 126/],
    [
      'a crash loop of an init container',
      { init: { ...waiting('CrashLoopBackOff'), restartCount: 2 } },
      'CrashLoopBackOff',
      /2 restarts/,
    ],
    [
      'a native sidecar that crashes',
      { init: endedBefore({ exitCode: 3 }, 2), restartPolicy: 'Always' },
      'CrashLoop',
      /exit code 3/,
    ],
  ])('%s', (_, given, reason, message) => {
    const found = first(given)!;
    expect(found).toMatchObject({ reason, message: expect.stringMatching(message) });
    expect(found.fatalAfterMs).toBeLessThan(8_000);
  });

  test('what names the wrong architecture says how to build the image', () => {
    expect(first({ status: ended({ exitCode: 1, message: 'exec format error' }) })?.hint).toMatch(
      /docker buildx build/,
    );
  });
});

describe('not fatal by itself', () => {
  test.each<[string, Given, RegExp]>([
    [
      'a registry with a rate limit',
      { status: waiting('ErrImagePull', 'unexpected status: 429 Too Many Requests') },
      /now/,
    ],
    [
      'a registry that is out of order',
      { status: waiting('ImagePullBackOff', 'unexpected status from HEAD request: 503 Service Unavailable') },
      /now/,
    ],
    ['a pull that timed out', { status: waiting('ErrImagePull', 'dial tcp 10.0.0.1:443: i/o timeout') }, /now/],
    ['a name server that has no answer', { status: waiting('ErrImagePull', 'lookup ghcr.io: no such host') }, /now/],
    [
      'a back-off without its cause, though the image’s name says "not-found"',
      { status: waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}"`) },
      /can’t be pulled/,
    ],
    ['a first crash', { status: endedBefore({}, 1) }, /has ended: exit code 1/],
    [
      'out of memory once, before it was started again',
      { status: endedBefore({ exitCode: 137, reason: 'OOMKilled' }, 1) },
      /has ended: exit code 137/,
    ],
    ['a first crash of an init container', { init: ended({}) }, /has ended/],
    [
      'an evicted pod',
      { pod: { phase: 'Failed', reason: 'Evicted', message: 'low on memory' } },
      /taken off its node \(Evicted: low on memory\)/,
    ],
    ['a node that was shut down', { pod: { phase: 'Failed', reason: 'NodeShutdown' } }, /taken off its node/],
  ])('%s', (_, given, message) => {
    expect(findings(given)).toEqual([
      expect.objectContaining({ fatalAfterMs: null, message: expect.stringMatching(message) }),
    ]);
  });

  test('a failing readiness probe and a volume are explained by events', () => {
    const events = [
      event('Unhealthy', 'Readiness probe failed: HTTP 503'),
      event('Scheduled', '', 'Normal'),
      event('FailedMount', 'timed out'),
    ];
    expect(
      findings({ status: { state: { running: {} } } }, events).map(({ reason, fatalAfterMs }) => [
        reason,
        fatalAfterMs,
      ]),
    ).toEqual([
      ['Unhealthy', null],
      ['FailedMount', null],
    ]);
  });
});

describe('nothing', () => {
  test.each<[string, Given]>([
    ['of a pod that starts', { status: waiting('ContainerCreating') }],
    [
      'of an init container that has done its work',
      { init: ended({ exitCode: 0, reason: 'Completed' }), status: { state: { running: {} } } },
    ],
    ['of a ready pod that crashed long ago', { status: { ...endedBefore({}, 1), ready: true } }],
  ])('%s', (_, given) => {
    expect(findings(given)).toEqual([]);
  });

  test('of a pod that is being deleted', () => {
    const ending = {
      ...pod({ status: waiting('InvalidImageName') }),
      metadata: { name: 'web-1', deletionTimestamp: '2026-11-28T15:00:00Z' },
    };
    expect(classifyPod(ending, { events: [] })).toEqual([]);
  });
});

describe('no node has room', () => {
  test.each<[string, readonly ClusterEvent[], number | null]>([
    ['is left to the deadline of the Deployment', [], null],
    [
      'is given all the time while the autoscaler adds a node',
      [event('NotTriggerScaleUp'), event('TriggeredScaleUp', '', 'Normal')],
      null,
    ],
    ['the same with Karpenter', [event('Nominated', '', 'Normal')], null],
    ['is fatal soon where the autoscaler says it can’t help', [event('NotTriggerScaleUp', '', 'Normal')], 8_000],
  ])('%s', (_, events, fatalAfterMs) => {
    expect(first({ conditions: unschedulable }, events)).toMatchObject({ reason: 'Unschedulable', fatalAfterMs });
  });
});

test('a host port in use has a next step of its own: no node has too little of anything', () => {
  const message = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  const found = first({ conditions }, [])!;
  expect(found.hint).toMatch(/^The host port is in use.*maxUnavailable: 1/);
  // It is mostly in use by a pod that stays until this one is ready.
  expect(found.fatalAfterMs).toBe(120_000);
  expect(first({ conditions: unschedulable }, [])!.hint).toMatch(/^Lower the resource requests/);
});

describe('what a pod of the previous template mostly has, and keeps until this one is ready, ends the rollout', () => {
  const attach = event(
    'FailedAttachVolume',
    'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) web-0',
  );

  test('a node that the anti-affinity keeps away from', () => {
    const message = "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.";
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    expect(first({ conditions }, [])).toMatchObject({
      fatalAfterMs: 120_000,
      hint: expect.stringMatching(/anti-affinity/),
    });
  });

  test('a volume that can be on one node only', () => {
    const found = first({ status: waiting('ContainerCreating') }, [attach]);
    expect(found).toMatchObject({ reason: 'VolumeInUse', fatalAfterMs: 120_000 });
    expect(found!.hint).toMatch(/strategy: Recreate/);
  });

  test('but not a volume that was attached meanwhile, while a large image is pulled', () => {
    expect(first({ status: waiting('ContainerCreating') }, [attach, event('Pulling', '', 'Normal')])).toMatchObject({
      fatalAfterMs: null,
    });
  });
});

test('the cause of a back-off is taken from the events', () => {
  const events = [event('Failed', `Failed to pull image "${IMAGE}": unauthorized: authentication required`)];
  const given = { status: waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}"`) };
  expect(first(given, events)).toMatchObject({ fatalAfterMs: 1_000, message: expect.stringContaining('unauthorized') });
});

test.each([
  ['failed to authorize: failed to fetch anonymous token: unexpected status: 429 Too Many Requests', 'transient'],
  ['toomanyrequests: You have reached your pull rate limit', 'transient'],
  ['failed to copy: httpReadSeeker: failed open: unexpected status code 502 Bad Gateway', 'transient'],
  ['net/http: TLS handshake timeout', 'transient'],
  ['read tcp: connection reset by peer', 'transient'],
  ['name unknown: The repository with name agent does not exist', 'permanent'],
  ['unexpected status from HEAD request: 403 Forbidden', 'permanent'],
  ['denied: requested access to the resource is denied', 'permanent'],
  ['Back-off pulling image', 'unknown'],
])('pulling: %s: %s', (message, expected) => {
  expect(classifyPullError(message)).toBe(expected);
});
