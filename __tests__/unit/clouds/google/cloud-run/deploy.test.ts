import { describe, expect, test } from '@jest/globals';
import { captureRestorePoint } from '../../../../../src/clouds/google/cloud-run/capture.ts';
import { prepareChange } from '../../../../../src/clouds/google/cloud-run/deploy.ts';
import { findOperation } from '../../../../../src/clouds/google/cloud-run/find-operation.ts';
import { setWeight } from '../../../../../src/clouds/google/cloud-run/traffic.ts';
import { type ImageReference, parseImageName } from '../../../../../src/model/image.ts';
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

describe('sending a change', () => {
  test('is one read and one update, and returns the operation to wait for', async () => {
    const { prepared, point, mark, calls, look } = await given();
    expect(await prepared.send(point, rolling)).toMatchObject({
      ...{ id: 'operations/2', mark, revision: mark, goal: { kind: 'up' } },
      sent: { operation: 'operations/2', generation: 2 },
    });
    expect(calls).toEqual(['GET service', 'PATCH service']);
    expect(look()).toMatchObject({ template: { revision: mark }, traffic: [LATEST] });
  });

  test('a second time sends nothing, as the service has it', async () => {
    const { prepared, point, calls } = await given();
    await prepared.send(point, rolling);
    calls.length = 0;
    expect(await prepared.send(point, rolling)).toMatchObject({ sent: { operation: '', generation: 2 } });
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
});

describe('an operation whose answer was lost', () => {
  test.each([
    ['rolling', rolling],
    ['a preview', preview],
  ])('is found by the service alone, with the traffic that was requested: %s', async (_, plan) => {
    const { run, prepared, point, mark, lose } = await given();
    lose();
    await expect(prepared.send(point, plan)).rejects.toMatchObject({ code: 'NETWORK' });
    const found = await findOperation(run, { mark, point });
    const sent = await prepared.send(point, plan);
    expect(found).toEqual(sent);
    expect(found).toMatchObject({ id: mark, mark, revision: mark, sent: { operation: '', generation: 2 } });
  });

  test('is not found before the update has taken effect', async () => {
    const { run, point, mark } = await given();
    expect(await findOperation(run, { mark, point })).toBeNull();
  });

  test('is not found where only a preview, before us, gave the template its name', async () => {
    const previewed = await given();
    await previewed.prepared.send(previewed.point, preview);
    const serving = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'agent-00001-abc', percent: 100 }];
    const { run, prepared, point, mark, lose } = await given({ ...previewed.look(), trafficStatuses: serving });
    expect(mark).toBe(previewed.mark);
    expect(await findOperation(run, { mark, point })).toBeNull();
    lose();
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(await findOperation(run, { mark, point })).toMatchObject({ traffic: [{ revision: null, percent: 100 }] });
  });

  test('carries all that shifting the traffic needs', async () => {
    const { run, prepared, point, mark, look } = await given();
    await prepared.send(point, preview);
    const found = JSON.parse(JSON.stringify(await findOperation(run, { mark, point })));
    const moved = await setWeight(run, found, { percent: 5, point, markedUntil: 0 });
    expect(moved).toMatchObject({ id: 'operations/3', goal: { kind: 'weight', percent: 5 }, usualMs: null });
    expect(look()['traffic']).toMatchObject([{ revision: 'agent-00001-abc', percent: 95 }, { revision: mark }]);
    expect(await setWeight(run, found, { percent: 5, point, markedUntil: 0 })).toMatchObject({
      sent: { operation: '' },
    });
  });
});
