import { describe, expect, test } from '@jest/globals';
import { decideOlderCommit, findReason, relationOf } from '../../../src/github/decide-older-commit.ts';

const service = { resource: 'service agent', url: 'https://agent.example.com' };
const ofJob = { ours: null, ref: 'main', address: 'https://agent.example.com/' };
const ours = { service: 'service agent', isPreview: false };
const question = { service, policy: null, event: 'push' };

describe('a recorded deployment', () => {
  test.each([
    ['of this action for this service', { ours, address: '' }, {}, 'same'],
    [
      'of this action for another service',
      { ours: { ...ours, service: 'service web' } },
      { policy: 'refuse' },
      'other',
    ],
    ['of this action without traffic', { ours: { ...ours, isPreview: true } }, { policy: 'refuse' }, 'other'],
    ['of an earlier release of this action', { ours: { ...ours, service: null } }, {}, 'possible'],
    ['of a job with this address', {}, {}, 'possible'],
    ['of a job with another host', { address: 'https://web.example.com' }, {}, 'other'],
    ['of a job with another path', { address: 'https://agent.example.com/web' }, {}, 'other'],
    ['of a job with an address that is none', { address: 'agent' }, {}, 'other'],
    [
      'of a job with another address, where the environment is ours',
      { address: 'https://x.example' },
      { policy: 'refuse' },
      'possible',
    ],
    ['of a job without an address', { address: '' }, {}, 'possible'],
    ['of a job, while this service has no address', {}, { service: { ...service, url: null } }, 'possible'],
    ['of a pull request', { ref: 'refs/pull/1/merge' }, { policy: 'refuse' }, 'other'],
    ['of a job, after another workflow', {}, { policy: 'refuse', event: 'workflow_run' }, 'other'],
    ['of this action, after another workflow', { ours }, { event: 'workflow_run' }, 'same'],
  ] as const)('%s', (_what, record, asked, relation) => {
    expect(relationOf({ ...ofJob, ...record }, { ...question, ...asked })).toBe(relation);
  });
});

test.each([
  ['same', null, null, 'refuse'],
  ['same', 'refuse', null, 'refuse'],
  ['same', 'warn', null, 'warn'],
  ['same', 'allow', null, 'allow'],
  ['same', null, 'it was run again', 'warn'],
  ['same', 'refuse', 'it was run again', 'warn'],
  ['possible', null, null, 'warn'],
  ['possible', 'refuse', null, 'refuse'],
  ['possible', 'warn', null, 'warn'],
  ['possible', 'refuse', 'it was run again', 'warn'],
  ['other', 'refuse', null, 'allow'],
] as const)(
  'an older commit than one of the %s service, with %s and the reason %s: %s',
  (relation, policy, reason, verdict) => {
    expect(decideOlderCommit(relation, policy, reason)).toBe(verdict);
  },
);

describe('a reason to deploy an older commit', () => {
  test.each([
    ['push', {}, {}, null],
    ['push', {}, { forced: true }, 'the push was forced'],
    ['push', {}, { created: true }, 'a branch was created'],
    ['push', { GITHUB_REF_TYPE: 'tag' }, { created: true }, 'a tag was pushed'],
    ['push', { GITHUB_RUN_ATTEMPT: '1' }, undefined, null],
    ['push', { GITHUB_RUN_ATTEMPT: '2' }, {}, 'this job was run again'],
    ['schedule', {}, { forced: true }, null],
    ['workflow_run', {}, { workflow_run: { event: 'push' } }, null],
    ['workflow_run', {}, undefined, null],
    [
      'workflow_run',
      {},
      { workflow_run: { event: 'release' } },
      'the workflow before it ran for another event than a push',
    ],
    ['workflow_dispatch', {}, {}, 'the event is workflow_dispatch'],
    ['release', {}, {}, 'the event is release'],
    ['::error::x', {}, {}, 'the event is not known'],
  ])('%s %j %j: %s', (event, env, payload, reason) => {
    expect(findReason({ GITHUB_EVENT_NAME: event, ...env }, () => payload)).toBe(reason);
  });
});
