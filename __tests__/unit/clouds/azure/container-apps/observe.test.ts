import { describe, expect, test } from '@jest/globals';
import { watchRevision } from '../../../../../src/clouds/azure/container-apps/observe.ts';
import type { RevisionOperation } from '../../../../../src/clouds/azure/container-apps/operation.ts';
import { parseRestoreData } from '../../../../../src/clouds/azure/container-apps/restore-data.ts';
import { suffixOf } from '../../../../../src/clouds/azure/container-apps/revision-name.ts';
import { openFakeApp, point, RESOURCE, STATUS_URL } from './fake-app.ts';

const mark = 'agent--f0123456789abc';
const previous = parseRestoreData(point, { resource: RESOURCE });
const operation: RevisionOperation = {
  ...{ id: mark, mark, revision: mark, goal: { kind: 'up' } },
  ...{ previous, run: undefined, statusUrl: STATUS_URL },
};

describe('a revision that is not listed yet', () => {
  test('is waited for, in two calls, while Azure makes it', async () => {
    const { app, calls } = openFakeApp();
    const observation = await watchRevision(app, operation).poll();
    expect(observation).toMatchObject({ status: 'progressing', reason: 'NOT_LISTED', pollAfterMs: 1_000 });
    expect(calls()).toEqual(['GET revision', 'GET status']);
  });

  test('is rejected where its change failed, in the words of Azure', async () => {
    const { app, azure } = openFakeApp();
    azure.change = { status: 'Failed', error: { code: 'InvalidTemplate', message: 'no such probe' } };
    expect(await watchRevision(app, operation).poll()).toMatchObject({
      status: 'failed',
      as: 'DEPLOY_REJECTED',
      message: 'InvalidTemplate: no such probe',
    });
  });

  test('is superseded where a newer one is listed when the change is done', async () => {
    const { app, azure } = openFakeApp();
    Object.assign(azure, { change: { status: 'Succeeded' }, latestRevision: 'agent--x' });
    expect(await watchRevision(app, operation).poll()).toMatchObject({ status: 'failed', as: 'SUPERSEDED' });
  });
});

test('a weight is in force when the revision says so, not when the document does', async () => {
  const { app, azure } = openFakeApp();
  azure.revisions.push(mark);
  azure.latestRevision = mark;
  azure.template = { ...azure.template, revisionSuffix: suffixOf(mark) };
  azure.traffic = [
    { revisionName: 'agent--old', weight: 80 },
    { revisionName: mark, weight: 20 },
  ];
  const moving: RevisionOperation = { ...operation, goal: { kind: 'weight', percent: 20 } };
  expect(await watchRevision(app, moving).poll()).toMatchObject({
    status: 'progressing',
    reason: 'MOVING_TRAFFIC',
    share: { percent: 0, why: null },
  });
});
