import { describe, expect, test } from '@jest/globals';
import {
  findMarker,
  findSuccessor,
  formatMarker,
  holderOf,
  type ObjectMarker,
  readMarker,
} from '../../../../src/clouds/kubernetes/rollout-annotation.ts';

const run = { id: 'r1', name: 'acme/web, run 1', since: 1 };
const marker: ObjectMarker = {
  ...{ phase: 'rolling-out', run, until: 2, mark: 'm', fields: { own: [], taken: [] } },
  point: { resource: 'deployment web', revision: 'web-1', data: { change: 'before' }, run },
};
const KEY = 'deploy-agent.dev/rollout';
const owned = (manager: string) => [
  { manager, operation: 'Update', fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${KEY}`]: {} } } } },
];
const object = (text: string, managedFields: readonly object[] = owned('deploy-agent')) => ({
  metadata: { annotations: { [KEY]: text }, managedFields },
});

test('is read as it was written', () => {
  expect(readMarker(object(formatMarker(marker)))).toEqual(marker);
  expect(holderOf(object(formatMarker(marker)), run)).toBe('ours');
  expect(holderOf(object(formatMarker(marker)), { ...run, id: 'r2' })).toBe('other');
});

describe('one that `kubectl rollout undo` copied back from a ReplicaSet', () => {
  test('is none, as another manager wrote it', () => {
    expect(findMarker(object(formatMarker(marker), owned('kubectl-rollout')))).toBeNull();
  });
  test('counts where the cluster keeps no managers', () => {
    expect(readMarker(object(formatMarker(marker), []))).toEqual(marker);
  });
});

test.each([
  ['another version', JSON.stringify({ ...JSON.parse(formatMarker(marker)), version: 9 }), 2],
  ['no JSON', 'soon', null],
  ['a time that is none', JSON.stringify({ until: 1e300 }), null],
])('%s can’t be read, and says how long it holds if it can', (_, text, until) => {
  expect(findMarker(object(text))).toEqual({ unreadable: true, until });
});

test('a successor began from our change', () => {
  expect(findSuccessor(object(formatMarker(marker)), 'before')).toEqual(marker);
  expect(findSuccessor(object(formatMarker(marker)), 'm')).toBeNull();
});
