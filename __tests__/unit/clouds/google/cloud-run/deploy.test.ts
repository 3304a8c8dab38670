import { describe, expect, test } from '@jest/globals';
import { captureRestorePoint } from '../../../../../src/clouds/google/cloud-run/capture.ts';
import { prepareChange } from '../../../../../src/clouds/google/cloud-run/deploy.ts';
import { findOperation } from '../../../../../src/clouds/google/cloud-run/find-operation.ts';
import { openRunRestore } from '../../../../../src/clouds/google/cloud-run/restore.ts';
import { ROLLOUT_ANNOTATION, readMarker } from '../../../../../src/clouds/google/cloud-run/rollout-annotation.ts';
import { setWeight } from '../../../../../src/clouds/google/cloud-run/traffic.ts';
import { type ImageReference, parseImageName } from '../../../../../src/model/image.ts';
import type { JsonObject } from '../../../../../src/model/json.ts';
import type { RestorePoint } from '../../../../../src/model/restore-point.ts';
import type { EditChange } from '../../../../../src/model/workload.ts';
import { fakeRun, LATEST } from './fake-run.ts';

const image = parseImageName(`gcr.io/acme/agent@sha256:${'a'.repeat(64)}`) as ImageReference;
const change: EditChange = {
  ...{ kind: 'edit', base: null, images: [{ container: null, image }], environment: new Map(), secrets: new Map() },
};
const rolling = { takeTraffic: true, shifts: [], markedUntil: 0 };
const preview = { takeTraffic: false, shifts: [], markedUntil: 0 };

/** Captured and prepared. The restore point has gone through the journal. */
async function given(service = {}) {
  const fake = fakeRun(service);
  const point = JSON.parse(JSON.stringify(await captureRestorePoint(fake.run))) as RestorePoint;
  const prepared = await prepareChange(fake.run, change);
  fake.calls.length = 0;
  return { ...fake, point, prepared, mark: prepared.mark };
}

const MADE = 'agent-00002-new';
const us = { id: 'one', name: 'acme/agent, run 1', since: 1_900_000_000_000 };
const others = {
  ...{ version: 1, phase: 'creating', run: { ...us, id: 'two' }, until: 1, mark: 'agent@0123456789abcdef' },
  ...{ resource: 'service agent', revision: null, data: {} },
};

describe('sending a change', () => {
  test('leaves the name to Google, and gives that its tag by a second update', async () => {
    const { prepared, point, mark, calls, look } = await given();
    expect(await prepared.send(point, preview)).toBeNull();
    expect(calls).toEqual(['GET service', 'PATCH service']);
    const pinned = { revision: 'agent-00001-abc', percent: 100 };
    expect(look()['template']).not.toHaveProperty('revision');
    expect(look()['traffic']).toMatchObject([pinned]);
    const operation = await prepared.send(point, preview);
    expect(operation).toMatchObject({
      ...{ id: 'operations/3', mark, revision: MADE, goal: { kind: 'up' } },
      sent: { operation: 'operations/3', generation: 3 },
    });
    expect(calls.slice(2)).toEqual(['GET service', 'PATCH service']);
    expect(look()['template']).not.toHaveProperty('revision');
    expect(look()['traffic']).toMatchObject([pinned, { revision: MADE, tag: expect.stringMatching(/^l-/) }]);
  });

  test('needs no second update where the traffic follows the latest revision', async () => {
    const { prepared, point, calls, look } = await given();
    expect(await prepared.send(point, rolling)).toBeNull();
    expect(await prepared.send(point, rolling)).toMatchObject({ revision: MADE, sent: { operation: '' } });
    expect(calls).toEqual(['GET service', 'PATCH service', 'GET service']);
    expect(look()['traffic']).toEqual([LATEST]);
  });

  test('sends nothing while Google has not named the revision, nor where a read shows what was before', async () => {
    const { prepared, point, calls, state, look, set } = await given();
    const before = look();
    state.unnamed = true;
    expect(await prepared.send(point, preview)).toBeNull();
    const after = { ...look(), reconciling: true };
    for (const shown of [before, after]) {
      set(shown);
      expect(await prepared.send(point, preview)).toBeNull();
    }
    expect(calls.filter((call) => call === 'PATCH service')).toHaveLength(1);
  });

  test('fails where Google is done, and has made no revision', async () => {
    const { run, prepared, point, state } = await given();
    state.unnamed = true;
    await prepared.send(point, preview);
    expect(await prepared.send(point, preview)).toBeNull();
    await run.io.clock.sleep(60_000);
    await expect(prepared.send(point, preview)).rejects.toMatchObject({
      ...{ code: 'DEPLOY_FAILED', message: expect.stringContaining('Cloud Run made no revision') },
    });
  });

  test('a second time sends nothing, as the service has it', async () => {
    const { prepared, point, calls } = await given();
    for (const _ of [1, 2]) await prepared.send(point, preview);
    calls.length = 0;
    expect(await prepared.send(point, preview)).toMatchObject({ sent: { operation: '', generation: 3 } });
    expect(calls).toEqual(['GET service']);
  });

  test('is not repeated after an answer that was lost: the caller searches first', async () => {
    const { prepared, point, calls, lose } = await given();
    lose();
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(calls).toEqual(['GET service', 'PATCH service']);
  });

  test('never overwrites what another user deployed meanwhile', async () => {
    const { prepared, point, calls, set } = await given();
    set({ template: { containers: [{ name: 'web', image: 'other' }], revision: 'agent-other' }, etag: 'e9' });
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({
      code: 'SUPERSEDED',
      message: expect.stringContaining('agent-other was deployed meanwhile'),
    });
    expect(calls).toEqual(['GET service']);
  });

  test.each<[string, JsonObject]>([
    ['another user deployed', { template: { containers: [{ name: 'web', image: 'other' }] } }],
    [
      'another user applied the configuration that was there before',
      { template: { containers: [{ name: 'web', image: 'old' }] }, traffic: [LATEST] },
    ],
    ['another run began', { annotations: { [ROLLOUT_ANNOTATION]: JSON.stringify(others) } }],
    ['another user moved the traffic', { traffic: [LATEST] }],
  ])('is not gone on with where %s between the two updates', async (_, change) => {
    const { prepared, point: captured, calls, set } = await given();
    const point = { ...captured, run: us };
    await prepared.send(point, preview);
    set({ ...change, generation: '3', etag: 'e9' });
    calls.length = 0;
    await expect(prepared.send(point, preview)).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(calls).toEqual(['GET service']);
  });
});

describe('between the two updates', () => {
  test('what another user restored is not overwritten, where the first answer was lost', async () => {
    const { prepared, point: captured, calls, set, look, lose } = await given();
    const [point, before] = [{ ...captured, run: us }, look()];
    lose();
    await expect(prepared.send(point, preview)).rejects.toMatchObject({ code: 'NETWORK' });
    // The marker is no member that their tool knows.
    set({ ...before, annotations: look()['annotations'], generation: '3', etag: 'e9' });
    calls.length = 0;
    await expect(prepared.send(point, preview)).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(calls).toEqual(['GET service']);
  });

  test('our revision, which no one has tested, does not serve as the latest where a newer one failed', async () => {
    const { run, prepared, point: captured, mark, look, set } = await given();
    const point = { ...captured, run: us };
    await prepared.send(point, rolling);
    set({
      ...{ template: { containers: [{ name: 'web', image: 'theirs' }] }, generation: '3', etag: 'e9' },
      ...{ latestCreatedRevision: 'agent-00003-new', latestReadyRevision: MADE },
      terminalCondition: { state: 'CONDITION_FAILED' },
    });
    await openRunRestore(run)(point, mark, 0);
    expect(look()['traffic']).toMatchObject([{ revision: 'agent-00001-abc', percent: 100 }]);
  });
});

describe('an operation whose answer was lost', () => {
  test.each([
    ['rolling', rolling],
    ['a preview', preview],
  ])('is found by the service alone, with the traffic that was requested: %s', async (_, plan) => {
    const { run, prepared, point, mark, lose } = await given();
    lose();
    await expect(prepared.send(point, plan)).rejects.toMatchObject({ code: 'NETWORK' });
    await prepared.send(point, plan);
    const found = await findOperation(run, { mark, point });
    const sent = await prepared.send(point, plan);
    expect(found).toEqual(sent);
    expect(found).toMatchObject({ id: MADE, mark, revision: MADE, sent: { operation: '' } });
  });

  test('is not found before the update has taken effect, nor before the revision has its tag', async () => {
    const { run, prepared, point, mark } = await given();
    expect(await findOperation(run, { mark, point })).toBeNull();
    await prepared.send(point, preview);
    expect(await findOperation(run, { mark, point })).toBeNull();
  });

  test('is not found where only a preview, before us, made the revision', async () => {
    const previewed = await given();
    for (const _ of [1, 2]) await previewed.prepared.send(previewed.point, preview);
    const serving = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'agent-00001-abc', percent: 100 }];
    const again = await given({ ...previewed.look(), trafficStatuses: serving, latestReadyRevision: MADE });
    const { run, prepared, point, mark, lose } = again;
    expect(mark).toBe(MADE);
    expect(await findOperation(run, { mark, point })).toBeNull();
    lose();
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(await findOperation(run, { mark, point })).toMatchObject({ traffic: [{ revision: null, percent: 100 }] });
  });

  test('carries all that shifting the traffic needs', async () => {
    const { run, prepared, point, mark, look } = await given();
    for (const _ of [1, 2]) await prepared.send(point, preview);
    const found = JSON.parse(JSON.stringify(await findOperation(run, { mark, point })));
    const moved = await setWeight(run, found, { percent: 5, point, markedUntil: 0 });
    expect(moved).toMatchObject({ id: 'operations/4', goal: { kind: 'weight', percent: 5 }, usualMs: null });
    expect(look()['traffic']).toMatchObject([{ revision: 'agent-00001-abc', percent: 95 }, { revision: MADE }]);
    expect(await setWeight(run, found, { percent: 5, point, markedUntil: 0 })).toMatchObject({
      sent: { operation: '' },
    });
  });
});

describe('a template that Google stores in another form than it was sent in', () => {
  async function givenStored() {
    const stage = await given();
    stage.state.stored = (template) => ({ ...template, timeout: '300s' });
    return { ...stage, point: { ...stage.point, run: us } };
  }

  test('is ours by all that nothing else changed the service, and by its stored form after that', async () => {
    const { run, prepared, point, mark, look } = await givenStored();
    for (const _ of [1, 2]) await prepared.send(point, preview);
    const found = (await findOperation(run, { mark, point }))!;
    expect(await setWeight(run, found, { percent: 5, point, markedUntil: 0 })).toMatchObject({
      sent: { generation: 4 },
    });
    expect(readMarker(look())).toMatchObject({ made: MADE, template: found.ours.template.hash });
  });

  test('is rolled back by another process, whenever the first one was killed', async () => {
    for (const requests of [1, 2]) {
      const { prepared, point, mark, look } = await givenStored();
      for (let sent = 0; sent < requests; sent += 1) await prepared.send(point, preview);
      const other = fakeRun({ ...look() });
      await openRunRestore(other.run)(point, mark, 0);
      expect({ requests, template: other.look()['template'] }).toMatchObject({
        requests,
        template: { revision: 'agent-00001-abc' },
      });
    }
  });
});
