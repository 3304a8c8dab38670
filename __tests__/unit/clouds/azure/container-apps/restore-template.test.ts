import { expect, test } from '@jest/globals';
import { restoreApp } from '../../../../../src/clouds/azure/container-apps/restore.ts';
import { suffixOf } from '../../../../../src/clouds/azure/container-apps/revision-name.ts';
import { OLD, openFakeApp, point } from './fake-app.ts';

test('a template with more than our change in it is an answer, which is not tried again until the time is up', async () => {
  const { app, azure, calls } = openFakeApp();
  const mark = 'agent--f0123456789abc';
  azure.oldTemplate = azure.template;
  azure.template = { ...azure.template, revisionSuffix: suffixOf(mark), scale: { minReplicas: 7 } };
  azure.traffic = [{ revisionName: OLD, weight: 100 }];
  azure.latestRevision = mark;
  azure.revisions.push(mark);
  const data = { ...point.data, hash: 'of another template', templateRevision: OLD };
  const found = await restoreApp(app, { point: { ...point, data }, mark, elapsedMs: 0 });
  expect(found).toMatchObject({ status: 'failed', message: expect.stringMatching(/more than our change is in it/) });
  expect(calls()).not.toContain('PATCH app');
});
