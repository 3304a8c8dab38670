import { describe, expect, test } from '@jest/globals';
import type { CopyPod } from '../../../../../src/clouds/kubernetes/split/copy-pods.ts';
import { decideRemoval } from '../../../../../src/clouds/kubernetes/split/decide-removal.ts';
import { decideShift, decideUp } from '../../../../../src/clouds/kubernetes/split/decide-shift.ts';
import type { SplitFacts } from '../../../../../src/clouds/kubernetes/split/split-facts.ts';

const OVERLAP_MS = 5_000;

function pod(index: number, gate: CopyPod['gate'], isUp = true): CopyPod {
  return {
    name: `p-${index}`,
    uid: `u-${index}`,
    address: `10.0.0.${index}`,
    isUp,
    isReady: isUp && gate === 'open',
    gate,
  };
}

function pods(count: number, gate: CopyPod['gate'], isUp = true): readonly CopyPod[] {
  return Array.from({ length: count }, (_, index) => pod(index, gate, isUp));
}

const canary: SplitFacts = {
  mode: 'canary',
  valve: 'replicas',
  copy: { replicas: 1, isDeleting: false },
  copyName: 'web-canary',
  pods: pods(1, 'never opened'),
  stable: { replicas: 4, ready: 4 },
  narrowed: [],
  whole: ['web'],
  hasService: false,
  routed: 0,
  borrowed: [],
  overlapMs: OVERLAP_MS,
  since: { shared: 0, included: 0, narrowed: 0, down: 0, closed: 0 },
};
const blueGreen: SplitFacts = { ...canary, mode: 'blue-green', copy: { replicas: 4, isDeleting: false } };
const routed: SplitFacts = { ...canary, valve: 'route', whole: [] };

/** `open 1`, `narrow`, `wait WAITING_FOR_PODS`, `done 20%`. */
function brief(decision: ReturnType<typeof decideShift> | ReturnType<typeof decideRemoval>): string {
  if (decision.act === 'wait') return `wait ${decision.reason}`;
  if (decision.act === 'done') return `done ${decision.share?.percent}%`;
  if ('pods' in decision) return `${decision.act} ${decision.pods.length}`;
  if ('replicas' in decision) return `${decision.act} ${decision.replicas}`;
  return 'percent' in decision ? `${decision.act} ${decision.percent}` : decision.act;
}

describe('until the copy is up', () => {
  test.each([
    [pods(1, 'never opened', false), 1, 'wait'],
    [pods(1, 'never opened'), 1, 'done'],
    [pods(3, 'never opened'), 4, 'wait'],
    [[], 1, 'wait'],
  ])('%j of %i: %s', (given, wanted, act) => {
    expect(decideUp({ ...canary, pods: given }, wanted).act).toBe(act);
  });
});

describe('a canary by the number of pods', () => {
  test.each<[string, Partial<SplitFacts>, number, string]>([
    ['a pod that is up is let in', {}, 5, 'open 1'],
    [
      'one that is let in has to be ready',
      { pods: [{ ...pod(0, 'open'), isReady: false }] },
      5,
      'wait WAITING_FOR_PODS',
    ],
    ['the share in force', { pods: pods(1, 'open') }, 5, 'done 20%'],
    ['a larger share takes more pods', { pods: pods(1, 'open') }, 50, 'scale-copy 4'],
    [
      'each of them is let in when it is up',
      {
        copy: { replicas: 4, isDeleting: false },
        pods: [pod(0, 'open'), pod(1, 'never opened'), pod(2, 'closed', false)],
      },
      50,
      'open 1',
    ],
    ['one that was replaced is let in again', { pods: [pod(7, 'never opened')] }, 20, 'open 1'],
    [
      'the Deployment was scaled up: so is the copy',
      { pods: pods(1, 'open'), stable: { replicas: 8, ready: 8 } },
      25,
      'scale-copy 3',
    ],
    [
      'the Deployment was scaled down: some get no more traffic',
      { copy: { replicas: 3, isDeleting: false }, pods: pods(3, 'open'), stable: { replicas: 4, ready: 4 } },
      25,
      'close 2',
    ],
    [
      'stable pods that are not ready yet do not count',
      { pods: pods(1, 'open'), stable: { replicas: 4, ready: 1 } },
      20,
      'done 50%',
    ],
  ])('%s', (_, given, percent, expected) => {
    expect(brief(decideShift({ ...canary, ...given }, percent))).toBe(expected);
  });

  test('why it is not the share that was asked for is said', () => {
    const decision = decideShift({ ...canary, pods: pods(1, 'open') }, 5);
    expect(decision).toMatchObject({ share: { percent: 20, why: '1 of 5 replicas, as 5% needs 19 stable ones' } });
  });
});

describe('blue-green', () => {
  const both = { ...blueGreen, pods: pods(4, 'open') };
  test.each<[string, Partial<SplitFacts>, string]>([
    ['no pod gets traffic before all are up', { pods: pods(3, 'never opened') }, 'wait WAITING_FOR_PODS'],
    ['the new set has full size', { stable: { replicas: 6, ready: 6 } }, 'scale-copy 6'],
    ['then all are let in', { pods: pods(4, 'never opened') }, 'open 4'],
    ['both sets serve for a while', both, 'wait OVERLAP'],
    [
      'then the Service selects the new one alone',
      { ...both, since: { ...canary.since, shared: OVERLAP_MS } },
      'narrow',
    ],
    [
      'what is left of two Services too',
      { ...both, narrowed: ['web'], whole: ['web-lb'], since: { ...canary.since, shared: OVERLAP_MS } },
      'narrow',
    ],
    ['load balancers get time to follow', { ...both, narrowed: ['web'], whole: [] }, 'wait OVERLAP'],
    ['done', { ...both, narrowed: ['web'], whole: [], since: { ...canary.since, narrowed: OVERLAP_MS } }, 'done 100%'],
    [
      'a pod that was replaced is let in again, while the Service selects the new set',
      { pods: [...pods(3, 'open'), pod(3, 'never opened')], narrowed: ['web'], whole: [] },
      'open 1',
    ],
    [
      'a new set that serves alone and is down',
      { ...both, pods: pods(4, 'open', false), narrowed: ['web'], whole: [] },
      'failed',
    ],
    [
      'a new set of which some are down',
      { ...both, pods: [pod(0, 'open'), ...pods(3, 'open', false)], narrowed: ['web'], whole: [] },
      'wait WAITING_FOR_PODS',
    ],
    [
      'an autoscaler that shrinks the previous set does not shrink the new one',
      {
        ...both,
        narrowed: ['web'],
        whole: [],
        stable: { replicas: 1, ready: 1 },
        since: { ...canary.since, narrowed: OVERLAP_MS },
      },
      'done 100%',
    ],
  ])('%s', (_, given, expected) => {
    expect(brief(decideShift({ ...blueGreen, ...given }, 100))).toBe(expected);
  });
});

describe('exact weights by a route', () => {
  const up = { ...routed, pods: pods(1, 'open') };
  test.each<[string, SplitFacts, number, string]>([
    ['its pods are let in first', routed, 5, 'open 1'],
    ['a Service of its own', up, 5, 'create-service'],
    ['then the weight', { ...up, hasService: true }, 5, 'route 5'],
    ['exactly', { ...up, hasService: true, routed: 5 }, 5, 'done 5%'],
    ['with the pods that the share takes', { ...up, hasService: true, routed: 5 }, 50, 'scale-copy 2'],
    ['another user moved the weights', { ...up, hasService: true, routed: null }, 5, 'route 5'],
  ])('%s', (_, given, percent, expected) => {
    expect(brief(decideShift(given, percent))).toBe(expected);
  });
});

describe('until nothing is left', () => {
  const green = { ...blueGreen, pods: pods(4, 'open'), narrowed: ['web'], whole: [] };
  test.each<[string, SplitFacts, string]>([
    ['a copy that never got traffic is deleted', canary, 'delete-copy'],
    ['a canary loses its traffic at once', { ...canary, pods: pods(1, 'open') }, 'close 1'],
    [
      'unless it is the only one that serves',
      { ...canary, pods: pods(1, 'open'), stable: { replicas: 4, ready: 0 } },
      'wait WAITING_FOR_PODS',
    ],
    ['and ends its requests', { ...canary, pods: pods(1, 'closed') }, 'wait OVERLAP'],
    [
      'then it is deleted',
      { ...canary, pods: pods(1, 'closed'), since: { ...canary.since, closed: OVERLAP_MS } },
      'delete-copy',
    ],
    ['with all its pods', { ...canary, copy: { replicas: 1, isDeleting: true } }, 'wait DELETING'],
    ['the previous set has to be as strong first', { ...green, stable: { replicas: 1, ready: 1 } }, 'scale-stable 4'],
    ['and ready', { ...green, stable: { replicas: 4, ready: 3 } }, 'wait WAITING_FOR_PODS'],
    ['before it gets its traffic back', green, 'widen'],
    [
      'from a new set that fails, with fewer',
      { ...green, pods: pods(4, 'open', false), stable: { replicas: 2, ready: 2 } },
      'widen',
    ],
    ['load balancers get time before the new set goes', { ...green, narrowed: [], whole: ['web'] }, 'wait OVERLAP'],
    [
      'then it loses its traffic',
      { ...green, narrowed: [], whole: ['web'], since: { ...canary.since, included: OVERLAP_MS } },
      'close 4',
    ],
    ['a route is restored first', { ...routed, pods: pods(1, 'open'), hasService: true, routed: 25 }, 'route 0'],
    [
      'also where another user changed it',
      { ...routed, pods: pods(1, 'open'), hasService: true, routed: null },
      'route 0',
    ],
    ['then its Service is deleted', { ...routed, hasService: true }, 'delete-service'],
    ['what was taken from other managers is given back', { ...canary, borrowed: ['service web'] }, 'give-back'],
    ['and the copy is the last', { ...canary, copy: null }, 'removed'],
    ['also when another user has deleted it', { ...green, copy: null, pods: [] }, 'widen'],
  ])('%s', (_, given, expected) => {
    expect(brief(decideRemoval(given))).toBe(expected);
  });
});
