import { describe, expect, test } from '@jest/globals';
import { findRouteKind } from '../../../../../src/clouds/kubernetes/split/route-kind.ts';
import {
  readSavedRules,
  rulesOf,
  sendsToCopy,
  withoutCopyAnywhere,
  withShare,
} from '../../../../../src/clouds/kubernetes/split/route-weights.ts';

function splitOf(word: 'httproute' | 'virtualservice', rules: readonly object[]) {
  const kind = findRouteKind(word)!;
  const route = { metadata: { resourceVersion: '3' }, spec: { [kind.rules]: rules, future: 1 } };
  const names = { kind, namespace: 'shop', stable: 'web', copy: 'web-canary' };
  return { route, split: { ...names, saved: readSavedRules(route, names) } };
}

const http = [
  { matches: [{ path: { value: '/api' } }], backendRefs: [{ name: 'api', port: 80 }] },
  { future: true, backendRefs: [{ name: 'web', port: 80, filters: [{ type: 'X' }], futureField: 1 }] },
  {
    backendRefs: [
      { name: 'web', port: 80, weight: 9 },
      { name: 'legacy', port: 80, weight: 1 },
    ],
  },
  {
    backendRefs: [
      { name: 'web', namespace: 'other', port: 80 },
      { name: 'web', kind: 'Backend', group: 'x.io' },
    ],
  },
];

const virtual = [
  { route: [{ destination: { host: 'web.shop.svc.cluster.local', subset: 'v1', port: { number: 80 } }, headers: {} }] },
  {
    route: [
      { destination: { host: 'web' }, weight: 80 },
      { destination: { host: 'old' }, weight: 20 },
    ],
  },
  { match: [], route: [{ destination: { host: 'web.elsewhere' } }] },
  { redirect: { uri: '/' } },
];

describe('exact weights of an HTTPRoute', () => {
  test('25% of what the Service gets goes to the copy; other rules, backends and unknown fields stay', () => {
    const { route, split } = splitOf('httproute', http);
    expect(withShare(route, split, 25)).toEqual([
      http[0],
      {
        future: true,
        backendRefs: [
          { name: 'web', port: 80, filters: [{ type: 'X' }], futureField: 1, weight: 75 },
          { name: 'web-canary', port: 80, filters: [{ type: 'X' }], futureField: 1, weight: 25 },
        ],
      },
      {
        backendRefs: [
          { name: 'web', port: 80, weight: 675 },
          { name: 'web-canary', port: 80, weight: 225 },
          { name: 'legacy', port: 80, weight: 100 },
        ],
      },
      http[3],
    ]);
  });
});

describe('exact weights of a VirtualService', () => {
  test('names of hosts keep their form, and a subset is not asked of the copy', () => {
    const { route, split } = splitOf('virtualservice', virtual);
    expect(withShare(route, split, 10)).toEqual([
      {
        route: [
          {
            destination: { host: 'web.shop.svc.cluster.local', subset: 'v1', port: { number: 80 } },
            headers: {},
            weight: 90,
          },
          {
            destination: { host: 'web-canary.shop.svc.cluster.local', port: { number: 80 } },
            headers: {},
            weight: 10,
          },
        ],
      },
      {
        route: [
          { destination: { host: 'web' }, weight: 72 },
          { destination: { host: 'web-canary' }, weight: 8 },
          { destination: { host: 'old' }, weight: 20 },
        ],
      },
      virtual[2],
      virtual[3],
    ]);
  });
});

describe.each([
  ['httproute', http],
  ['virtualservice', virtual],
] as const)('%s', (word, rules) => {
  test('after any share, 0 leads back to exactly what it was', () => {
    for (const percent of [1, 5, 33, 100]) {
      const { route, split } = splitOf(word, rules);
      const shared = { ...route, spec: { [split.kind.rules]: withShare(route, split, percent) } };
      expect([sendsToCopy(route, split), sendsToCopy(shared, split)]).toEqual([false, true]);
      expect(withShare(shared, split, 0)).toEqual(rules);
      // Repeated, and moved on: from what is there, not from what was done.
      expect(withShare(shared, split, percent)).toEqual(rulesOf(shared, split.kind));
    }
  });

  test('a backend that another user added is not overwritten; only the copy is taken out', () => {
    const { route, split } = splitOf(word, rules);
    const [first] = split.saved;
    const shared = withShare(route, split, 100)! as { [list: string]: object[] }[];
    shared[first!.rule]![split.kind.list]!.push({ name: 'new', destination: { host: 'new' }, weight: 5 });
    const changed = { ...route, spec: { [split.kind.rules]: shared } };
    expect(withShare(changed, split, 0)).toBeNull();
    const left = withoutCopyAnywhere(changed, split);
    expect(sendsToCopy({ spec: { [split.kind.rules]: left } }, split)).toBe(false);
    expect(JSON.stringify(left[first!.rule])).toContain('new');
  });

  test('what would be left with no weight at all gets the traffic again', () => {
    const { route, split } = splitOf(word, rules.slice(0, 2));
    const shared = { ...route, spec: { [split.kind.rules]: withShare(route, split, 100) } };
    const left = withoutCopyAnywhere(shared, { ...split, saved: [] });
    expect(JSON.stringify(left)).not.toMatch(/"weight":0(?!.*"weight":[1-9])/);
  });
});

test('a route with no rule for the Service has nothing to split', () => {
  expect(splitOf('httproute', [http[0]!, http[3]!]).split.saved).toEqual([]);
});
