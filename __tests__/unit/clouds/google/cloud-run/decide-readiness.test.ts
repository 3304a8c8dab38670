import { describe, expect, test } from '@jest/globals';
import { decideReadiness, type ReadinessFacts } from '../../../../../src/clouds/google/cloud-run/decide-readiness.ts';

import type { ServiceMarker } from '../../../../../src/clouds/google/cloud-run/rollout-annotation.ts';

const now = 1_900_000_000_000;
const marker: Omit<ServiceMarker, 'until'> = {
  ...{ phase: 'rolling-out', run: { id: 'one', name: 'acme/agent, run 1', since: now }, mark: 'agent-1f2e3d4c' },
  point: { resource: 'service agent', revision: 'agent-00001-abc', data: {} },
};
const ours = { name: 'agent-1f2e3d4c', isOurs: true, isReady: false, why: 'PENDING', ageMs: 1_000 };
const facts = (change: Partial<ReadinessFacts>): ReadinessFacts => ({
  ...{ now, marker: null, reconciling: true, message: '', newest: null },
  ...change,
});

describe('a service', () => {
  test.each<[string, Partial<ReadinessFacts>, object]>([
    ['at rest is free', { reconciling: false }, { status: 'free' }],
    ['that is reconciling is busy', { message: 'Deploying' }, { status: 'busy', message: /in progress: Deploying$/ }],
    ['whose newest revision is not known is busy', {}, { status: 'busy' }],
    ['whose traffic moves is busy', { newest: { ...ours, isReady: true } }, { status: 'busy' }],
    [
      'with a live marker is busy, also at rest',
      { reconciling: false, marker: { ...marker, until: now } },
      { status: 'busy', message: /^acme\/agent, run 1, since .* is rolling out agent-1f2e3d4c/ },
    ],
    [
      'with a marker that ran out is abandoned, also while it is reconciling',
      { marker: { ...marker, until: now - 60_000 } },
      { status: 'abandoned', message: /left its rollout of agent-1f2e3d4c unfinished/ },
    ],
    [
      'with a live marker that can’t be read is busy',
      { reconciling: false, marker: { unreadable: true, until: now } },
      { status: 'busy', message: /another version/ },
    ],
    [
      'with one that can’t be read and does not hold is free',
      { reconciling: false, marker: { unreadable: true, until: null } },
      { status: 'free' },
    ],
    ['with a revision of ours that no run waits for is stuck', { newest: ours }, { status: 'stuck', isOurs: true }],
    ['with another one that starts is busy', { newest: { ...ours, isOurs: false } }, { status: 'busy' }],
    [
      'with another one that can’t start any more is stuck',
      { newest: { ...ours, isOurs: false, ageMs: 360_000 } },
      { status: 'stuck', isOurs: false, message: /is not ready after 6m \(PENDING\)/ },
    ],
  ])('%s', (_, change, expected) => {
    const found = decideReadiness(facts(change));
    const { message, ...rest } = { message: /^/, ...expected } as { message: RegExp };
    expect(found).toMatchObject(rest);
    expect('message' in found ? found.message : '').toMatch(message);
  });
});
