import { describe, expect, test } from '@jest/globals';
import { isObject, type JsonObject, objectAt } from '../../../simulators/json.ts';
import {
  newSize,
  oldSizes,
  proportionalSizes,
  resolveLimits,
} from '../../../simulators/kubernetes/controllers/rollout-arithmetic.ts';
import { applyServerSide } from '../../../simulators/kubernetes/fields/apply.ts';
import {
  changesBetween,
  parseFieldsV1,
  toFieldsV1,
  toReadablePath,
} from '../../../simulators/kubernetes/fields/field-set.ts';
import { entriesOf, toManagedFields } from '../../../simulators/kubernetes/fields/managed-fields.ts';
import { withMetadata } from '../../../simulators/kubernetes/object.ts';
import { applyJsonPatch } from '../../../simulators/kubernetes/patch/json-patch.ts';
import { strategicMerge } from '../../../simulators/kubernetes/patch/strategic-merge.ts';

// The same was asked of a real API server: conformance/kubernetes/api-steps.ts.

const variables = [
  { name: 'A', value: '1' },
  { name: 'B', value: '2' },
];
const web = (image: string, env: readonly JsonObject[] = variables): JsonObject => ({
  metadata: { name: 'web' },
  spec: { template: { spec: { containers: [{ name: 'web', image, env }] } } },
});
const merged = (patch: JsonObject): JsonObject =>
  strategicMerge(
    { containers: [{ name: 'web', image: 'v1', env: variables }] },
    { containers: [{ name: 'web', ...patch }] },
  );

describe('a strategic merge', () => {
  test('puts a new variable first, and one that it names with a known one behind that', () => {
    const C = { name: 'C', value: '3' };
    expect(merged({ env: [C] })).toMatchObject({ containers: [{ env: [C, ...variables] }] });
    const B = { name: 'B', value: '4' };
    expect(merged({ env: [B, C] })).toMatchObject({ containers: [{ env: [variables[0], B, C] }] });
  });

  test('changes the first of two variables with one name', () => {
    const twice = [...variables, { name: 'A', value: '9' }];
    const patch = { containers: [{ name: 'web', env: [{ name: 'A', value: 'new' }] }] };
    const { containers } = strategicMerge({ containers: [{ name: 'web', env: twice }] }, patch) as {
      containers: readonly JsonObject[];
    };
    expect(containers[0]?.['env']).toEqual([{ name: 'A', value: 'new' }, twice[1], twice[2]]);
  });

  test.each([
    ['deletes an item', { env: [{ name: 'A', $patch: 'delete' }] }, [variables[1]]],
    ['replaces a list', { env: [{ $patch: 'replace' }, { name: 'Z' }] }, [{ name: 'Z' }]],
    [
      'keeps an order',
      { '$setElementOrder/env': [{ name: 'B' }, { name: 'A' }], env: [] },
      [variables[1], variables[0]],
    ],
  ])('%s', (_, patch, env) => {
    expect(merged(patch as JsonObject)).toMatchObject({ containers: [{ env }] });
  });

  test('adds a container whose name is not there', () => {
    const { containers } = strategicMerge(objectAt(web('v1'), 'spec', 'template', 'spec'), {
      containers: [{ name: 'wbe' }],
    });
    expect(containers).toMatchObject([{ name: 'wbe' }, { name: 'web' }]);
  });
});

test('a JSON patch whose test fails says nothing about why', () => {
  const patch = [{ op: 'test', path: '/metadata/name', value: 'api' }];
  expect(() => applyJsonPatch(web('v1'), patch)).toThrow(
    'the server rejected our request due to an error in our request',
  );
});

describe('who owns which field', () => {
  const manager = (name: string, operation: 'Apply' | 'Update') => ({
    name,
    operation,
    apiVersion: 'apps/v1',
    subresource: '',
  });
  const owned = (object: JsonObject, ...entries: Parameters<typeof toManagedFields>[0]): JsonObject =>
    withMetadata(object, { managedFields: toManagedFields(entries) });

  test('is written as the API server writes it, and read again', () => {
    const { changed } = changesBetween(web('v1'), web('v2'));
    expect([...changed].map(toReadablePath)).toEqual(['.spec.template.spec.containers[name="web"].image']);
    expect(parseFieldsV1(toFieldsV1(changed))).toEqual(changed);
    const document = toFieldsV1(
      changesBetween({ spec: { template: { spec: { containers: null } } } }, web('v1')).changed,
    );
    expect(document).toMatchObject({
      'f:spec': {
        'f:template': {
          'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
        },
      },
    });
  });

  test('does not move where a variable that is there twice stays as it is', () => {
    const twice = [...variables, { name: 'A', value: '9' }];
    expect([...changesBetween(web('v1', twice), web('v2', twice)).changed].map(toReadablePath)).toHaveLength(1);
  });

  test('stops who applies another value, and lets pass who applies the same', () => {
    const { changed } = changesBetween(web('v1'), web('v2'));
    const live = owned(web('v2'), { manager: manager('deploy-agent', 'Update'), time: 't', fields: changed });
    const ask = { manager: manager('helm', 'Apply'), force: false, time: 't' };
    expect(() => applyServerSide(live, web('v3'), ask)).toThrow(
      'Apply failed with 1 conflict: conflict with "deploy-agent" using apps/v1: .spec.template.spec.containers[name="web"].image',
    );
    expect(applyServerSide(live, web('v2'), ask).entries.map((entry) => entry.manager.name)).toEqual([
      'deploy-agent',
      'helm',
    ]);
    const forced = applyServerSide(live, web('v3'), { ...ask, force: true });
    expect(forced.object).toMatchObject(web('v3'));
    expect(entriesOf(owned(forced.object, ...forced.entries)).map((entry) => entry.manager.name)).toEqual(['helm']);
  });

  test('what its last owner no longer applies goes', () => {
    const ask = { manager: manager('helm', 'Apply'), force: false, time: 't' };
    const more = { ...web('v1'), spec: { ...objectAt(web('v1'), 'spec'), minReadySeconds: 3 } };
    const first = applyServerSide(web('v1'), more, ask);
    const second = applyServerSide(owned(first.object, ...first.entries), web('v1'), ask);
    expect(isObject(second.object['spec']) && 'minReadySeconds' in second.object['spec']).toBe(false);
  });
});

describe('the arithmetic of a rollout', () => {
  test.each([
    ['25%', '25%', 4, { maxSurge: 1, maxUnavailable: 1 }],
    ['25%', '25%', 3, { maxSurge: 1, maxUnavailable: 0 }],
    [0, '10%', 3, { maxSurge: 0, maxUnavailable: 1 }],
  ])('surge %s and unavailable %s of %i', (surge, unavailable, replicas, limits) => {
    expect(resolveLimits(surge, unavailable, replicas)).toEqual(limits);
  });

  test('goes up by what there is room for, and down by what may be unavailable, broken pods first', () => {
    const limits = { maxSurge: 1, maxUnavailable: 1 };
    const fresh = { wanted: 2, available: 0 };
    const old = [
      { wanted: 1, available: 0 },
      { wanted: 3, available: 3 },
    ];
    expect(newSize(4, limits, { fresh, old })).toBe(2);
    expect(oldSizes(4, limits, { fresh, old })).toEqual([0, 3]);
    expect(newSize(4, limits, { fresh, old: [{ wanted: 2, available: 2 }] })).toBe(3);
  });

  test('scales every ReplicaSet in proportion in the middle of a rollout', () => {
    expect(proportionalSizes([8, 2], 20)).toEqual([16, 4]);
    expect(proportionalSizes([3, 1], 7).reduce((sum, one) => sum + one)).toBe(7);
    expect(proportionalSizes([3, 1], 0)).toEqual([0, 0]);
  });
});
