import { describe, expect, test } from '@jest/globals';
import { decideReadiness, type UnfinishedRollout } from '../../../../src/clouds/kubernetes/decide-readiness.ts';
import type { ObjectMarker } from '../../../../src/clouds/kubernetes/rollout-annotation.ts';

const NOW = 1_800_000_000_000;
const run = { id: 'r1', name: 'acme/web, run 1', since: NOW - 60_000 };
const marker = (until: number): ObjectMarker => ({
  ...{ phase: 'rolling-out', run, until, mark: 'm', fields: { own: [], taken: [] } },
  point: { resource: 'deployment web', revision: 'web-1', data: {}, run },
});
const rollout = (change: Partial<UnfinishedRollout> = {}): UnfinishedRollout => ({
  ...{ name: 'web-2', isOurs: false, progress: '1 of 3 pods updated', failure: null, isGivenUp: false, ageMs: 60_000 },
  ...change,
});

test('free without a marker and a rollout', () => {
  expect(decideReadiness({ now: NOW, marker: null, rollout: null })).toEqual({ status: 'free' });
});

describe('a marker', () => {
  test('that holds is waited for', () => {
    expect(decideReadiness({ now: NOW, marker: marker(NOW + 1), rollout: null })).toMatchObject({
      status: 'busy',
      message: expect.stringContaining('acme/web, run 1'),
    });
  });
  test('that ran out is of a run that is gone, when clocks may differ no more', () => {
    expect(decideReadiness({ now: NOW, marker: marker(NOW - 29_000), rollout: null }).status).toBe('busy');
    expect(decideReadiness({ now: NOW, marker: marker(NOW - 31_000), rollout: null }).status).toBe('abandoned');
  });
  test('that can’t be read holds for its time, and is then ignored', () => {
    expect(decideReadiness({ now: NOW, marker: { unreadable: true, until: NOW }, rollout: null }).status).toBe('busy');
    expect(decideReadiness({ now: NOW, marker: { unreadable: true, until: null }, rollout: null }).status).toBe('free');
  });
});

describe('a rollout without a marker', () => {
  test.each<[string, Partial<UnfinishedRollout>, object]>([
    ['is waited for', {}, { status: 'busy' }],
    ['whose pods fail may still be rolled back by who began it', { failure: 'crashes' }, { status: 'busy' }],
    [
      'whose pods fail for ten minutes is stuck',
      { failure: 'crashes', ageMs: 600_000 },
      { status: 'stuck', isOurs: false },
    ],
    ['that its controller has given up is stuck', { isGivenUp: true }, { status: 'stuck', isOurs: false }],
    [
      'of this action whose pods fail is stuck at once',
      { isOurs: true, failure: 'crashes' },
      { status: 'stuck', isOurs: true },
    ],
    ['of this action that is only slow is waited for', { isOurs: true }, { status: 'busy' }],
  ])('%s', (_, change, expected) => {
    expect(decideReadiness({ now: NOW, marker: null, rollout: rollout(change) })).toMatchObject(expected);
  });
});
