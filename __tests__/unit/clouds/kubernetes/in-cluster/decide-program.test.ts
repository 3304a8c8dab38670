import { expect, test } from '@jest/globals';
import {
  decideProgram,
  type ProgramDecision,
  type ProgramFacts,
} from '../../../../../src/clouds/kubernetes/in-cluster/decide-program.ts';
import type { JsonObject } from '../../../../../src/model/json.ts';

const none = { failure: null, notes: [], isSuspicious: false };
const calm: ProgramFacts = { pod: {}, verdict: none, events: [], ageMs: 5_000, runningMs: 0, timeoutMs: 30_000 };
const withState = (state: JsonObject, more: JsonObject = {}): JsonObject => ({
  status: {
    containerStatuses: [
      { name: 'mesh', state: {} },
      { name: 'smoke-test', state },
    ],
    ...more,
  },
});
const event = (message: string) => ({ type: 'Warning', reason: 'FailedCreate', message, count: 1 });
const failure = { reason: 'Unschedulable', message: 'no room', hint: 'Add nodes.', pod: 'p', container: '' };

const rows: readonly (readonly [string, Partial<ProgramFacts>, Partial<ProgramDecision>])[] = [
  ['no pod yet', { pod: null }, { act: 'wait' }],
  ['it starts', {}, { act: 'wait' }],
  ['it runs', { runningMs: 29_000, ageMs: 200_000 }, { act: 'wait' }],
  [
    'it ended, beside a mesh that goes on',
    { pod: withState({ terminated: { exitCode: 3 } }) },
    { act: 'ended', exitCode: 3 },
  ],
  ['it takes too long', { runningMs: 30_001 }, { act: 'ended', timedOut: true }],
  [
    'it ended in time, seen late',
    { pod: withState({ terminated: { exitCode: 0 } }), runningMs: 30_001 },
    { timedOut: false },
  ],
  [
    'it could not be started',
    { pod: withState({ terminated: { exitCode: 128, reason: 'StartError', message: 'exec: "curl": not found' } }) },
    { act: 'failed', isFinal: true },
  ],
  ['no room, which may come', { verdict: { ...none, failure } }, { act: 'failed', isFinal: false, hint: 'Add nodes.' }],
  [
    'an image that is not there',
    { verdict: { ...none, failure: { ...failure, reason: 'ErrImagePull' } } },
    { act: 'failed', isFinal: true },
  ],
  [
    'a quota, which passes when pods end',
    { pod: null, events: [event('exceeded quota: pods')] },
    { act: 'failed', isFinal: false },
  ],
  ['a policy', { pod: null, events: [event('violates PodSecurity')] }, { act: 'failed', isFinal: true }],
  ['a pod that was made after a refusal', { events: [event('exceeded quota: pods')] }, { act: 'wait' }],
  ['evicted', { pod: withState({}, { phase: 'Failed', reason: 'Evicted' }) }, { act: 'failed', isFinal: false }],
  ['it does not start', { ageMs: 120_001 }, { act: 'failed', isFinal: false }],
];

test.each(rows)('%s', (_what, facts, decision) => {
  expect(decideProgram({ ...calm, ...facts })).toMatchObject(decision);
});
