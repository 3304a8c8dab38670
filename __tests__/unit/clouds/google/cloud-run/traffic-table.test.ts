import { describe, expect, test } from '@jest/globals';
import {
  requestedTraffic,
  type TrafficEntry,
  toTargets,
} from '../../../../../src/clouds/google/cloud-run/service-document.ts';
import {
  finished,
  isAsRequested,
  isSameShares,
  isSameTraffic,
  keepingTags,
  styleOf,
  withOurs,
} from '../../../../../src/clouds/google/cloud-run/traffic-table.ts';
import { fc } from '../../../../fixtures/fast-check.ts';

const ours = { revision: 'new', tag: 'c-1234567', previousTags: ['blue'] };
const entry = (revision: string | null, percent: number, tag: string | null = null): TrafficEntry => ({
  revision,
  percent,
  tag,
});
const our = (percent: number): TrafficEntry => entry('new', percent, ours.tag);

describe('traffic with our share', () => {
  test.each<[string, readonly TrafficEntry[], number, readonly TrafficEntry[]]>([
    ['none', [entry('old', 100)], 0, [entry('old', 100), our(0)]],
    ['some', [entry('old', 100)], 5, [entry('old', 95), our(5)]],
    ['all', [entry('old', 100)], 100, [our(100)]],
    ['all, beside a tag', [entry('old', 100), entry('old', 0, 'blue')], 100, [entry('old', 0, 'blue'), our(100)]],
    ['some of two', [entry('a', 60), entry('b', 40)], 25, [entry('a', 45), entry('b', 30), our(25)]],
    [
      'some of three that can’t be split evenly',
      [entry('a', 34), entry('b', 33), entry('c', 33)],
      50,
      [entry('a', 17), entry('b', 17), entry('c', 16), our(50)],
    ],
    ['a share where a preview had none', [entry('old', 100), our(0)], 5, [entry('old', 95), our(5)]],
    [
      'a share beside another user’s tag of the same revision',
      [entry('old', 100), entry('new', 0, 'blue')],
      5,
      [entry('old', 95), entry('new', 0, 'blue'), our(5)],
    ],
  ])('%s', (_, serving, percent, expected) => {
    expect(withOurs(serving, ours, percent)).toEqual(expected);
  });

  test('always sums to 100, whatever serves', () => {
    const shares = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 0, max: 100 }), (weights, percent) => {
        const serving = weights.map((weight, index) => entry(`r${index}`, weight));
        const after = withOurs(serving, ours, percent);
        expect(after.reduce((sum, one) => sum + one.percent, 0)).toBe(100);
        expect(after.at(-1)).toEqual(our(percent));
      }),
    );
  });
});

describe('the user’s own form', () => {
  test.each<[string, readonly TrafficEntry[], 'latest' | 'pinned']>([
    ['no entry', [], 'latest'],
    ['the latest', [entry(null, 100)], 'latest'],
    ['the latest with half', [entry(null, 50), entry('a', 50)], 'latest'],
    ['by name', [entry('a', 100)], 'pinned'],
    ['by name, with a tag on the latest', [entry('a', 100), entry(null, 0, 'next')], 'pinned'],
  ])('%s', (_, requested, style) => {
    expect(styleOf(requested)).toBe(style);
  });

  test.each<[string, readonly TrafficEntry[], readonly TrafficEntry[]]>([
    ['the latest stays the latest', [entry(null, 100)], [entry(null, 100)]],
    ['its tag stays on it', [entry(null, 100, 'blue')], [entry(null, 100, 'blue')]],
    [
      'other tags stay where they are',
      [entry(null, 100), entry('old', 0, 'blue')],
      [entry(null, 100), entry('old', 0, 'blue')],
    ],
    ['ours goes', [entry(null, 100), our(0)], [entry(null, 100)]],
    ['by name stays by name', [entry('old', 100)], [entry('new', 100)]],
    [
      'a tagged share loses the share, not the tag',
      [entry('old', 100, 'blue')],
      [entry('new', 100), entry('old', 0, 'blue')],
    ],
  ])('%s', (_, requested, expected) => {
    expect(finished(requested, { ours, style: styleOf(requested) })).toEqual(expected);
  });
});

describe('equal traffic', () => {
  test('is told without regard to the order, and no entry is the latest', () => {
    expect(isSameTraffic([entry('a', 40), entry('b', 60)], [entry('b', 60), entry('a', 40)])).toBe(true);
    expect(isSameTraffic([], [entry(null, 100)])).toBe(true);
    expect(isSameTraffic([entry('a', 100)], [entry(null, 100)])).toBe(false);
    expect(isSameTraffic([entry('a', 100)], [entry('a', 100, 'blue')])).toBe(false);
  });

  test('of shares sums up a revision’s entries', () => {
    expect(isSameShares([entry('a', 40), entry('a', 60, 'blue')], [entry('a', 100), entry('b', 0, 'x')])).toBe(true);
    expect(isSameShares([entry('a', 40), entry('b', 60)], [entry('a', 60), entry('b', 40)])).toBe(false);
  });

  test('allows a tag that came meanwhile; not one that went, nor one that was there before', () => {
    const requested = [entry('old', 95), our(5)];
    expect(isAsRequested(requested, [...requested, entry('x', 0, 'other')], ours)).toBe(true);
    expect(isAsRequested(requested, [...requested, entry('x', 0, 'blue')], ours)).toBe(false);
    expect(isAsRequested([...requested, entry('x', 0, 'blue')], requested, ours)).toBe(false);
    expect(isAsRequested(requested, [entry('old', 90), our(5), entry('x', 5, 'other')], ours)).toBe(false);
    expect(keepingTags(requested, [entry('x', 0, 'other')], ours)).toEqual([...requested, entry('x', 0, 'other')]);
  });
});

test('what a newer API knows of an entry that stays is sent back', () => {
  const traffic = [
    { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100, future: 1 },
    { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'old', tag: 'blue', future: 2 },
  ];
  expect(toTargets(requestedTraffic({ traffic }), { traffic })).toEqual(traffic);
  expect(toTargets([entry('old', 10, 'blue'), our(90)], { traffic })).toEqual([
    { ...traffic[1], percent: 10 },
    { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'new', percent: 90, tag: ours.tag },
  ]);
});
