import { describe, expect, test } from '@jest/globals';
import {
  compareOwnership,
  ownFields,
  takenBelow,
  withGivenBack,
  withOwnership,
  withoutNew,
} from '../../../../src/clouds/kubernetes/managed-fields.ts';

const US = 'deploy-agent';
const container = (fields: object) => ({
  'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': fields } } } },
});
const entry = (manager: string, fieldsV1: object, more: object = {}) => ({
  ...{
    manager,
    operation: 'Update',
    apiVersion: 'apps/v1',
    time: '2026-11-28T15:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1,
  },
  ...more,
});
const object = (...managedFields: object[]) => ({ metadata: { managedFields } });
const status = entry('kube-controller-manager', { 'f:status': { 'f:replicas': {} } }, { subresource: 'status' });
const helm = entry('helm', container({ '.': {}, 'f:image': {}, 'f:name': {} }), { operation: 'Apply' });
const helmWithout = entry('helm', container({ '.': {}, 'f:name': {} }), { operation: 'Apply' });
const ours = entry(US, container({ 'f:image': {} }));

describe('what a request took', () => {
  test('is what its owner does not have any more', () => {
    const record = compareOwnership(object(helm, status), object(helmWithout, status, ours), US);
    expect(record).toEqual({ own: [], taken: [{ ...withoutType(helm), fieldsV1: container({ 'f:image': {} }) }] });
  });
  test('is a whole entry, where it had nothing else', () => {
    const kubectl = entry('kubectl-set', container({ 'f:image': {} }));
    expect(compareOwnership(object(kubectl), object(ours), US).taken).toEqual([withoutType(kubectl)]);
  });
  test('is nothing where the field was ours already, which is noted', () => {
    expect(compareOwnership(object(ours), object(ours), US)).toEqual({ own: [withoutType(ours)], taken: [] });
  });
  test('can be asked for by a path', () => {
    const limit = { 'f:spec': { 'f:revisionHistoryLimit': {} } };
    const taken = [
      withoutType(entry('helm', { 'f:spec': { ...container({ 'f:image': {} })['f:spec'], ...limit['f:spec'] } })),
    ];
    expect(takenBelow({ own: [], taken }, ['f:spec', 'f:revisionHistoryLimit'])).toEqual([
      { ...taken[0], fieldsV1: limit },
    ]);
    expect(takenBelow({ own: [], taken }, ['f:metadata'])).toEqual([]);
  });
});

describe('a rollback gives it back', () => {
  const record = compareOwnership(object(helm, status), object(helmWithout, status, ours), US);
  test('to an entry that is there', () => {
    expect(withOwnership(object(helmWithout, status, ours), record, US)).toEqual([helm, status]);
  });
  test('to one that has no field left and is gone', () => {
    const kubectl = entry('kubectl-set', container({ 'f:image': {} }));
    const lost = compareOwnership(object(kubectl), object(ours), US);
    expect(withOwnership(object(ours), lost, US)).toEqual([kubectl]);
  });
  test('and leaves what former deployments of ours own', () => {
    const before = entry(US, { 'f:metadata': { 'f:annotations': { 'f:deploy-agent.dev/change': {} } } });
    const own = compareOwnership(
      object(before, helm),
      object(entry(US, { ...before.fieldsV1, ...ours.fieldsV1 }), helmWithout),
      US,
    );
    const now = object(
      entry(US, { ...before.fieldsV1, ...ours.fieldsV1 }, { time: '2026-11-28T15:09:00Z' }),
      helmWithout,
    );
    expect(withOwnership(now, own, US)).toEqual([helm, withoutType(before)]);
  });
  test('and keeps what others have changed since', () => {
    const scaler = entry('hpa', { 'f:spec': { 'f:replicas': {} } }, { subresource: 'scale' });
    expect(withOwnership(object(helmWithout, scaler, ours), record, US)).toEqual([helm, scaler]);
  });
  test('and sends nothing where it is so already, whatever the times', () => {
    expect(withOwnership(object(status, { ...helm, time: '2026-11-28T15:09:00Z' }), record, US)).toBeNull();
  });
  test('as before a request that takes nothing', () => {
    expect(withOwnership(object(ours, helmWithout), ownFields(object(helmWithout), US), US)).toEqual([helmWithout]);
  });
});

describe('beside a newer deployment of another user', () => {
  test('what we got since goes, and nothing is given back', () => {
    const before = entry(US, { 'f:metadata': { 'f:annotations': { 'f:deploy-agent.dev/change': {} } } });
    const now = object(entry(US, { ...before.fieldsV1, ...ours.fieldsV1 }), helmWithout);
    expect(withoutNew(now, ownFields(object(before), US), US)).toEqual([before, helmWithout]);
    expect(withoutNew(object(ours, helmWithout), { own: [] }, US)).toEqual([helmWithout]);
    expect(withoutNew(object(helmWithout), { own: [] }, US)).toBeNull();
  });
});

describe('after a success only what served the rollout is given back', () => {
  test('our claim on the image stays', () => {
    const limit = { 'f:spec': { 'f:revisionHistoryLimit': {} } };
    const now = object(helmWithout, entry(US, merge(container({ 'f:image': {} }), limit)));
    const taken = [withoutType({ ...helm, fieldsV1: limit })];
    expect(withGivenBack(now, taken, US)).toEqual([
      { ...helmWithout, fieldsV1: merge(helmWithout.fieldsV1, limit) },
      ours,
    ]);
  });
  test('nothing where nothing was taken', () => {
    expect(withGivenBack(object(ours), [], US)).toBeNull();
  });
});

function withoutType({ fieldsType: _, fieldsV1, ...rest }: ReturnType<typeof entry>) {
  return { ...rest, fieldsV1: { ...fieldsV1 } as Record<string, unknown> };
}

function merge(one: object, other: object) {
  return { 'f:spec': { ...(one as { 'f:spec': object })['f:spec'], ...(other as { 'f:spec': object })['f:spec'] } };
}
