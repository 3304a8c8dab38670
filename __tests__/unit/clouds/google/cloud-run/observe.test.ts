import { describe, expect, test } from '@jest/globals';
import type { RunOperation } from '../../../../../src/clouds/google/cloud-run/deploy.ts';
import { watchRollout } from '../../../../../src/clouds/google/cloud-run/observe.ts';
import { fakeRun } from './fake-run.ts';

const operation: RunOperation = {
  ...{ id: 'operations/1', mark: 'agent-new', revision: 'agent-new', goal: { kind: 'up' }, usualMs: null },
  ours: { revision: 'agent-new', tag: 'l-1234567', previousTags: [], template: { name: 'agent-new', hash: null } },
  traffic: [{ revision: null, percent: 100, tag: null }],
  sent: { operation: 'projects/acme/operations/1', generation: 1 },
  markedUntil: 0,
};
const starting = {
  template: { revision: 'agent-new', containers: [] },
  ...{ reconciling: true, terminalCondition: { state: 'CONDITION_RECONCILING' } },
};
const FULL_READ = ['GET service', 'GET revisions', 'GET operations'];

describe('a watch', () => {
  test('reads everything once, then the service alone while that shows the same', async () => {
    const { run, calls, set } = fakeRun(starting);
    const watch = watchRollout(run, operation);
    for (let polls = 0; polls < 3; polls += 1) {
      expect(await watch.poll()).toMatchObject({ status: 'progressing', reason: 'RECONCILING' });
    }
    expect(calls).toEqual([...FULL_READ, 'GET service', 'GET service']);
    calls.length = 0;
    set({ observedGeneration: '1' });
    await watch.poll();
    expect(calls).toEqual(FULL_READ);
  });

  test('does not read an operation that has ended, nor one that was never known', async () => {
    const { run, calls, state, set } = fakeRun(starting);
    const watch = watchRollout(run, operation);
    state.operationDone = true;
    await watch.poll();
    set({ observedGeneration: '1' });
    await watch.poll();
    await watchRollout(run, { ...operation, sent: { operation: '', generation: 1 } }).poll();
    expect(calls.filter((call) => call === 'GET operations')).toHaveLength(1);
  });

  test('goes by the conditions where it may not read the operation, which is said once', async () => {
    const { run, calls, state, set } = fakeRun(starting);
    state.operationStatus = 403;
    const watch = watchRollout(run, operation);
    expect(await watch.poll()).toMatchObject({ status: 'progressing' });
    set({ observedGeneration: '1' });
    await watch.poll();
    await watchRollout(run, operation).poll();
    expect(calls.filter((call) => call === 'GET operations')).toHaveLength(2);
    const { printed } = run.io as unknown as { readonly printed: readonly string[] };
    expect(printed.filter((line) => line.includes('conditions alone'))).toHaveLength(1);
  });

  test('is superseded by another revision or another traffic, and not by a read that is late', async () => {
    const { run, set } = fakeRun(starting);
    const poll = () => watchRollout(run, operation).poll();
    expect(await watchRollout(run, { ...operation, sent: { operation: '', generation: 2 } }).poll()).toMatchObject({
      reason: 'STALE',
    });
    set({ traffic: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'agent-x', percent: 100 }] });
    expect(await poll()).toMatchObject({ as: 'SUPERSEDED', message: expect.stringContaining('agent-x 100%') });
    set({ template: { revision: 'agent-other' } });
    expect(await poll()).toMatchObject({ as: 'SUPERSEDED', message: 'agent-other was deployed after ours' });
  });
});
