import { describe, expect, test } from '@jest/globals';
import { findOperation, prepareChange } from '../../../../../src/clouds/azure/container-apps/deploy.ts';
import type { RevisionOperation } from '../../../../../src/clouds/azure/container-apps/operation.ts';
import { suffixOf } from '../../../../../src/clouds/azure/container-apps/revision-name.ts';
import type { ImageReference } from '../../../../../src/model/image.ts';
import type { EditChange, Prepared } from '../../../../../src/model/workload.ts';
import { type FakeApp, openFakeApp, point, STATUS_URL } from './fake-app.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;
const image: ImageReference = { registry: 'acme.azurecr.io', repository: 'agent', tag: 'v2', digest };
const change: EditChange = {
  kind: 'edit',
  base: null,
  images: [{ container: null, image }],
  environment: new Map(),
  secrets: new Map(),
};

const canary = { takeTraffic: false, shifts: [], markedUntil: 0 };
const rolling = { takeTraffic: true, shifts: [], markedUntil: 0 };
const pin = [{ revisionName: 'agent--old', weight: 100 }];
const busy = { status: 409, body: { error: { code: 'Busy', message: 'another change is in progress' } } };

async function prepare(): Promise<FakeApp & { readonly prepared: Prepared; patches(): readonly unknown[] }> {
  const fake = openFakeApp();
  const prepared = await prepareChange(fake.app, change);
  fake.sent.length = 0;
  const patches = () => fake.sent.flatMap(({ method, body }) => (method === 'PATCH' ? [JSON.parse(String(body))] : []));
  return { ...fake, prepared, patches };
}

describe('one call of send', () => {
  test('that may take traffic which follows the latest sends the template, and the operation has its status', async () => {
    const { prepared, calls } = await prepare();
    const operation = (await prepared.send(point, rolling)) as RevisionOperation;
    expect(calls()).toEqual(['GET app', 'PATCH app']);
    expect(operation).toMatchObject({ mark: prepared.mark, goal: { kind: 'up' }, statusUrl: STATUS_URL });
  });

  test('pins the traffic first, waits for that, and sends the template then', async () => {
    const { prepared, azure, calls, patches } = await prepare();
    expect(await prepared.send(point, canary)).toBeNull();
    expect(await prepared.send(point, canary)).toBeNull();
    expect(calls()).toEqual(['GET app', 'PATCH app', 'GET status']);
    Object.assign(azure, { change: { status: 'Succeeded' }, traffic: pin });
    expect(await prepared.send(point, canary)).not.toBeNull();
    expect(calls().slice(3)).toEqual(['GET status', 'GET app', 'PATCH app']);
    expect(patches()).toMatchObject([
      { properties: { configuration: { ingress: { traffic: pin } } } },
      { properties: { template: { revisionSuffix: suffixOf(prepared.mark) } } },
    ]);
  });

  test('pins again where that failed, three times in all', async () => {
    const { prepared, azure, patches, io } = await prepare();
    azure.change = { status: 'Failed', error: { code: 'InternalError', message: 'no' } };
    for (let n = 1; n <= 3; n += 1) {
      expect(await prepared.send(point, canary)).toBeNull();
      // The app's document is ahead of the traffic in force, and stays so where moving it failed.
      azure.traffic = pin;
    }
    await expect(prepared.send(point, canary)).rejects.toMatchObject({ code: 'DEPLOY_REJECTED' });
    expect(patches()).toHaveLength(3);
    expect(io.printed.filter((line) => /could not be pinned.*InternalError/.test(line))).toHaveLength(2);
  });

  test('sends nothing more where the template was accepted and the answer was lost', async () => {
    const { prepared, azure, patches } = await prepare();
    azure.template = { ...azure.template, revisionSuffix: suffixOf(prepared.mark) };
    azure.provisioningState = 'InProgress';
    expect(await prepared.send(point, rolling)).toBeNull();
    expect(patches()).toEqual([]);
  });

  test('sends it again where what was accepted has failed: the answer says why', async () => {
    const { prepared, azure, patches } = await prepare();
    azure.template = { ...azure.template, revisionSuffix: suffixOf(prepared.mark) };
    azure.provisioningState = 'Failed';
    expect(await prepared.send(point, rolling)).not.toBeNull();
    expect(patches()).toHaveLength(1);
  });

  test.each([
    ['another revision was deployed', { latestRevision: 'agent--x' }, /agent--x was deployed meanwhile/],
    [
      'the traffic was moved',
      { traffic: [{ revisionName: 'agent--x', weight: 100 }] },
      /traffic was changed meanwhile/,
    ],
  ])('sends nothing where %s', async (_title, parts, message) => {
    const { prepared, azure, patches } = await prepare();
    Object.assign(azure, parts);
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({
      code: 'SUPERSEDED',
      message: expect.stringMatching(message),
    });
    expect(patches()).toEqual([]);
  });

  test('may be refused by a busy app for two minutes, and not for longer', async () => {
    const { prepared, azure, io } = await prepare();
    azure.patch = () => busy;
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({ code: 'THROTTLED' });
    await io.clock.sleep(119_000);
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({ code: 'THROTTLED' });
    await io.clock.sleep(1_000);
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({
      code: 'BUSY',
      hint: expect.stringMatching(/Another change is in progress/),
    });
  });
});

test('an app that accepted a request in between was not busy all the time', async () => {
  const { prepared, azure, io } = await prepare();
  const { patch } = azure;
  azure.patch = () => busy;
  await expect(prepared.send(point, canary)).rejects.toMatchObject({ code: 'THROTTLED' });
  azure.patch = patch;
  expect(await prepared.send(point, canary)).toBeNull();
  Object.assign(azure, { change: { status: 'Succeeded' }, traffic: pin, patch: () => busy });
  await io.clock.sleep(121_000);
  await expect(prepared.send(point, canary)).rejects.toMatchObject({ code: 'THROTTLED' });
});

test('a revision that already has the change is sent nothing: the operation is known at once', async () => {
  const { app, azure, calls, sent } = openFakeApp();
  azure.template = { ...azure.template, containers: [{ name: 'agent', image: `acme.azurecr.io/agent@${digest}` }] };
  const prepared = await prepareChange(app, change);
  expect(prepared.mark).toBe('agent--old');
  sent.length = 0;
  expect(await prepared.send(point, canary)).toMatchObject({ mark: 'agent--old', statusUrl: null });
  expect(calls()).toEqual([]);
});

test('another process finds our operation by the mark alone, once the revision is listed', async () => {
  const { app, azure } = openFakeApp();
  const mark = 'agent--f0123456789abc';
  expect(await findOperation(app, { mark, point })).toBeNull();
  azure.revisions.push(mark);
  expect(await findOperation(app, { mark, point })).toMatchObject({ mark, goal: { kind: 'up' }, statusUrl: null });
});

test('another kind of change is refused', async () => {
  const { app } = openFakeApp();
  const definition = { kind: 'definition', definition: {} } as const;
  await expect(prepareChange(app, definition)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});
