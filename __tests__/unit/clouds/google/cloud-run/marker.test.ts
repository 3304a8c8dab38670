import { describe, expect, test } from '@jest/globals';
import { captureRestorePoint } from '../../../../../src/clouds/google/cloud-run/capture.ts';
import { prepareChange } from '../../../../../src/clouds/google/cloud-run/deploy.ts';
import { findOperation, isLive } from '../../../../../src/clouds/google/cloud-run/find-operation.ts';
import { openMarkerControl } from '../../../../../src/clouds/google/cloud-run/marker-control.ts';
import { watchRollout } from '../../../../../src/clouds/google/cloud-run/observe.ts';
import {
  findMarker,
  holderOf,
  ROLLOUT_ANNOTATION,
  readMarker,
  withMarker,
  withoutMarker,
} from '../../../../../src/clouds/google/cloud-run/rollout-annotation.ts';
import { finishTraffic, setWeight } from '../../../../../src/clouds/google/cloud-run/traffic.ts';
import { type ImageReference, parseImageName } from '../../../../../src/model/image.ts';
import type { RestorePoint, RunIdentity } from '../../../../../src/model/restore-point.ts';
import type { EditChange } from '../../../../../src/model/workload.ts';
import { fakeRun } from './fake-run.ts';

const image = parseImageName(`gcr.io/acme/agent@sha256:${'a'.repeat(64)}`) as ImageReference;
const change: EditChange = {
  ...{ kind: 'edit', base: null, images: [{ container: null, image }], environment: new Map(), secrets: new Map() },
};
const us: RunIdentity = { id: 'one', name: 'acme/agent, run 1', since: 1_900_000_000_000 };
const others: RunIdentity = { ...us, id: 'two', name: 'acme/agent, run 2' };
const until = 1_900_000_300_000;
const rolling = { takeTraffic: true, shifts: [], markedUntil: until };
const preview = { ...rolling, takeTraffic: false };

async function given() {
  const fake = fakeRun();
  const captured = JSON.parse(JSON.stringify(await captureRestorePoint(fake.run))) as RestorePoint;
  const point = { ...captured, run: us };
  const prepared = await prepareChange(fake.run, change);
  const markedBy = (run: RunIdentity, revision = point.revision) => {
    const marker = {
      run,
      mark: prepared.mark,
      until,
      phase: 'rolling-out',
      made: MADE,
      point: { ...point, run, revision },
    } as const;
    fake.set({ annotations: withMarker(fake.look(), marker), etag: `by-${run.id}` });
  };
  const sendAll = async (plan: typeof rolling) => {
    await prepared.send(point, plan);
    return (await prepared.send(point, plan))! as never as Parameters<typeof setWeight>[1];
  };
  return { ...fake, point, prepared, mark: prepared.mark, markedBy, sendAll };
}

const MADE = 'agent-00002-new';

describe('the annotation', () => {
  test('holds the marker, beside those of others, and goes without them', async () => {
    const { run, prepared, point, look } = await given();
    const marker = { run: us, until, mark: prepared.mark, point };
    await prepared.send(point, rolling);
    expect(readMarker(look())).toEqual({ ...marker, phase: 'creating' });
    await prepared.send(point, rolling);
    const template = prepared.mark.split('@')[1];
    expect(readMarker(look())).toEqual({ ...marker, phase: 'rolling-out', made: MADE, template });
    const annotated = { annotations: { ...(look()['annotations'] as object), 'acme.dev/team': 'agents' } };
    expect(withoutMarker(annotated)).toEqual({ 'acme.dev/team': 'agents' });
    await openMarkerControl(run).remove(point);
    expect(findMarker(look())).toBeNull();
  });

  test.each([
    ['no JSON', 'yes', null],
    ['of a newer version', JSON.stringify({ version: 2, until }), until],
    ['without what it needs', JSON.stringify({ version: 1, until, run: us }), until],
    ['with a time that is none', JSON.stringify({ version: 1, until: 1e300 }), null],
  ])('that is %s is not read: nothing is restored from it', (_, text, holds) => {
    const service = { annotations: { [ROLLOUT_ANNOTATION]: text } };
    expect(findMarker(service)).toEqual({ unreadable: true, until: holds });
    expect(holderOf(service, us)).toBe('none');
  });
});

describe('two runs of one image, whose template is the same', () => {
  test('the second does not take the first one’s change for its own', async () => {
    const { run, prepared, point, mark, markedBy } = await given();
    const other = await prepareChange(run, change);
    await other.send({ ...point, run: others }, rolling);
    expect(await findOperation(run, { mark, point })).toBeNull();
    await expect(prepared.send(point, rolling)).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('acme/agent, run 2'),
    });
    markedBy(us);
    expect(await findOperation(run, { mark, point })).toMatchObject({ mark });
  });

  test('what another run has taken over is not moved, renewed or removed', async () => {
    const { run, sendAll, point, mark, markedBy, look, calls } = await given();
    const sent = await sendAll(preview);
    markedBy(others);
    calls.length = 0;
    await expect(setWeight(run, sent, { percent: 5, point, markedUntil: until })).rejects.toMatchObject({
      code: 'SUPERSEDED',
      message: expect.stringContaining('acme/agent, run 2'),
    });
    await openMarkerControl(run).renew(point, mark, until + 1);
    await openMarkerControl(run).remove(point);
    expect(calls).not.toContain('PATCH service');
    expect(readMarker(look())?.run).toEqual(others);
    expect(await watchRollout(run, sent).poll()).toMatchObject({ status: 'failed', as: 'SUPERSEDED' });
  });
});

test('a run that starts from ours, which served alone, does not supersede it', async () => {
  const { run, sendAll, point, mark, markedBy } = await given();
  const operation = await sendAll(preview);
  const all = await setWeight(run, operation, { percent: 100, point, markedUntil: until });
  const finishing = await finishTraffic(run, all, point);
  markedBy(others, MADE);
  expect(await watchRollout(run, finishing!).poll()).toMatchObject({ status: 'succeeded' });
  expect(await finishTraffic(run, all, point)).toBeNull();
  expect(await isLive(run, mark)).toBe(true);
  // While it is not finished, it has lost its service.
  expect(await watchRollout(run, all).poll()).toMatchObject({ status: 'failed', as: 'SUPERSEDED' });
});

test('a share that needs no request renews a marker that would run out while the caller counts on it', async () => {
  const { run, sendAll, point, look, calls } = await given();
  const operation = await sendAll(rolling);
  calls.length = 0;
  const kept = await setWeight(run, operation, { percent: 100, point, markedUntil: until + 60_000 });
  expect(calls).toEqual([]);
  const renewed = await setWeight(run, kept, { percent: 100, point, markedUntil: until + 61_000 });
  expect(calls).toEqual(['GET service', 'PATCH service']);
  expect(renewed.markedUntil).toBe(until + 61_000);
  expect(readMarker(look())?.until).toBe(until + 61_000);
});
