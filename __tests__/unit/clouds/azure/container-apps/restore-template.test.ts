import { expect, test } from '@jest/globals';
import { leaveIfRefused } from '../../../../../src/clouds/azure/container-apps/deactivate.ts';
import { restoreApp } from '../../../../../src/clouds/azure/container-apps/restore.ts';
import { restoreRevisionName, suffixOf } from '../../../../../src/clouds/azure/container-apps/revision-name.ts';
import { DeployError } from '../../../../../src/model/errors.ts';
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

test('a finished rollout is marked again before it is undone, once, also where that is refused', async () => {
  const { app, azure, calls, sent } = openFakeApp();
  const mark = 'agent--f0123456789abc';
  azure.oldTemplate = azure.template;
  azure.template = { ...azure.template, revisionSuffix: suffixOf(mark) };
  azure.latestRevision = mark;
  azure.revisions.push(mark);
  azure.patch = () => ({ status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } });
  const marked = { ...point, run: { id: 'a1', name: 'acme/agent, run 7', since: 0 } };
  const restore = () => restoreApp(app, { point: marked, mark, elapsedMs: 0 });
  expect(await restore()).toMatchObject({ status: 'progressing', requested: false });
  const [patch] = sent.filter(({ method }) => method === 'PATCH');
  expect(String(patch?.body)).toContain('deploy-agent-rollout-a1-1');
  expect(String(patch?.body)).not.toContain('properties');
  await expect(restore()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(calls().filter((call) => call === 'PATCH app')).toHaveLength(2);
});

test('a revision that is needed again is activated once, although it was said to keep running', async () => {
  const { app, azure, calls } = openFakeApp();
  const mark = 'agent--f0123456789abc';
  azure.oldTemplate = azure.template;
  azure.template = { ...azure.template, revisionSuffix: suffixOf(mark) };
  azure.latestRevision = mark;
  azure.revisions.push(mark);
  await leaveIfRefused(app, OLD, () => Promise.reject(new DeployError('PERMISSION_DENIED', 'no')));
  const restore = () => restoreApp(app, { point, mark, elapsedMs: 0 });
  expect(await restore()).toMatchObject({ reason: 'ACTIVATING' });
  expect(await restore()).toMatchObject({ reason: 'MOVING_TRAFFIC' });
  expect(calls().filter((call) => call === 'POST revision')).toHaveLength(1);
});

test('beside a newer deployment, a copy that can not be read is taken for none', async () => {
  const { app, azure, calls } = openFakeApp();
  const mark = 'agent--f0123456789abc';
  azure.latestRevision = 'agent--theirs';
  azure.template = { ...azure.template, revisionSuffix: 'theirs' };
  azure.unreadable.push(restoreRevisionName(mark));
  const found = await restoreApp(app, { point, mark, elapsedMs: 0 });
  expect(found).toMatchObject({ status: 'superseded' });
  expect(calls()).not.toContain('POST revision');
});
