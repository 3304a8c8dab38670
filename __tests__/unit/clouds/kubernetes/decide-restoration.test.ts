import { describe, expect, test } from '@jest/globals';
import { decideRestoration, type RestorationFacts } from '../../../../src/clouds/kubernetes/decide-restoration.ts';
import type { RolloutStatus } from '../../../../src/clouds/kubernetes/rollout-status.ts';

const status: RolloutStatus = {
  ...{ isObserved: true, isComplete: false, desired: 3, updated: 2, ready: 2, available: 2, old: 1, terminating: 0 },
};

/** Right after our change was sent. */
const facts = (change: Partial<RestorationFacts> = {}): RestorationFacts => ({
  ...{ object: 'there', holder: 'ours', holderName: 'acme/web, run 1', phase: 'rolling-out', template: 'ours' },
  ...{ hasArrived: true, late: 'no', hasLeftovers: true, restoredBy: 'us', status, isUp: false, isPaused: false },
  ...{ previous: 'web-1', failure: null, stuckPod: null, running: '' },
  ...change,
});
/** Template and annotations are as before, and its pods come up. */
const back: Partial<RestorationFacts> = { template: 'previous', phase: 'restoring', hasLeftovers: false };
/** Nothing of ours is there. */
const fresh: Partial<RestorationFacts> = { ...back, hasArrived: false, holder: 'none', phase: null, isUp: true };
const answer = (change: Partial<RestorationFacts>) => {
  const decision = decideRestoration(facts(change));
  return 'answer' in decision ? { act: decision.act, ...decision.answer } : decision;
};

describe('ours', () => {
  test('is replaced by the previous template', () => {
    expect(answer({})).toEqual({ act: 'restore' });
  });
  test('also when this was fenced, or the previous pods never came up', () => {
    expect(answer({ late: 'fenced', failure: 'crashes' })).toEqual({ act: 'restore' });
  });
});

describe('the previous template', () => {
  test.each<[string, Partial<RestorationFacts>, object]>([
    ['with notes of ours left is cleaned', { hasLeftovers: true }, { act: 'restore' }],
    ['is waited for', {}, { act: 'none', status: 'progressing', requested: true }],
    [
      'that is paused is waited for, and says so',
      { isPaused: true },
      { status: 'progressing', message: expect.stringContaining('kubectl rollout resume') },
    ],
    [
      'with a pod that its StatefulSet waits for has that deleted',
      { stuckPod: { name: 'web-2', uid: 'u' } },
      { act: 'delete-pod', name: 'web-2', uid: 'u' },
    ],
    [
      'is not helped before the controller has seen it',
      { stuckPod: { name: 'web-2', uid: 'u' }, status: { ...status, isObserved: false } },
      { act: 'none', status: 'progressing' },
    ],
    [
      'that can’t come up has failed, with the cause',
      { failure: 'no pod can be created: exceeded quota' },
      { act: 'none', status: 'failed', message: expect.stringContaining('exceeded quota') },
    ],
    [
      'that is up is restored, with what its pods run',
      { isUp: true, running: 'ghcr.io/acme/web@sha256:1' },
      {
        act: 'end',
        status: 'restored',
        by: 'us',
        message: expect.stringContaining('they run ghcr.io/acme/web@sha256:1'),
      },
    ],
    [
      'that another tool restored is restored too',
      { isUp: true, restoredBy: 'another', phase: 'rolling-out' },
      { act: 'end', status: 'restored', message: expect.stringContaining('by another user') },
    ],
  ])('%s', (_, change, expected) => {
    expect(answer({ ...back, ...change })).toMatchObject(expected);
  });
});

describe('nothing of ours has arrived', () => {
  test.each<[string, Partial<RestorationFacts>, object]>([
    ['and nothing can any more', {}, { act: 'none', status: 'untouched' }],
    ['but a request may: it is fenced', { late: 'maybe' }, { act: 'fence' }],
    [
      'and the fence is there: it is removed',
      { late: 'fencing', phase: 'fencing', holder: 'ours' },
      { act: 'unfence' },
    ],
    ['and it was fenced', { late: 'fenced' }, { act: 'none', status: 'untouched' }],
    ['beside a newer template that did not come up', { template: 'captured' }, { act: 'none', status: 'untouched' }],
  ])('%s', (_, change, expected) => {
    expect(answer({ ...fresh, ...change })).toMatchObject(expected);
  });
});

describe('another’s', () => {
  test.each<[string, Partial<RestorationFacts>, object]>([
    ['template stays, and our marker goes', { template: 'foreign' }, { act: 'end', status: 'superseded' }],
    [
      'marker: nothing is touched',
      { holder: 'other' },
      { act: 'none', status: 'superseded', message: expect.stringContaining('run 1') },
    ],
    ['object of the same name: nothing is touched', { object: 'replaced' }, { act: 'none', status: 'superseded' }],
    [
      'restoration of the template that had not come up stays',
      { template: 'captured' },
      { act: 'end', status: 'superseded' },
    ],
    ['deletion: nothing is left to restore', { object: 'gone' }, { act: 'none', status: 'failed' }],
  ])('%s', (_, change, expected) => {
    expect(answer({ hasLeftovers: false, ...change })).toMatchObject(expected);
  });

  test('template with notes of ours beside it: those go first', () => {
    expect(answer({ template: 'foreign' })).toEqual({ act: 'clean' });
    expect(answer({ template: 'foreign', holder: 'none' })).toMatchObject({ act: 'end' });
  });
});
