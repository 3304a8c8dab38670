import { describe, expect, test } from '@jest/globals';
import { followsWhenDone, parseRestoreData } from '../../../../../src/clouds/azure/container-apps/restore-data.ts';
import {
  finalTraffic,
  followsLatest,
  isSameTraffic,
  leadingRevisions,
  pinned,
  readTraffic,
  shareOf,
  type TrafficEntry,
  toDocument,
  withShare,
} from '../../../../../src/clouds/azure/container-apps/traffic-table.ts';
import { fc } from '../../../../fixtures/fast-check.ts';

const READY = 'agent--ready';
const OURS = 'agent--d1';

/** What Azure takes: weights that add up to 100, no name and no label twice. */
const traffic = fc
  .uniqueArray(fc.constantFrom(null, 'agent--a', 'agent--b', 'agent--c'), { minLength: 1, maxLength: 4 })
  .chain((names) =>
    fc.tuple(
      fc.constant(names),
      fc.array(fc.nat(100), { minLength: names.length, maxLength: names.length }),
      fc.uniqueArray(fc.constantFrom('blue', 'green', 'stable', 'test'), { minLength: 4, maxLength: 4 }),
      fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }),
    ),
  )
  .map(([names, rough, labels, labelled]): TrafficEntry[] => {
    const sum = rough.reduce((all, one) => all + one, 0);
    const weights = rough.map((one) => (sum === 0 ? 0 : Math.floor((one * 100) / sum)));
    weights[0]! += 100 - weights.reduce((all, one) => all + one, 0);
    return names.map((revision, index) => ({
      revision,
      weight: weights[index]!,
      label: labelled[index] ? labels[index]! : null,
    }));
  });

const sumOf = (entries: readonly TrafficEntry[]): number => entries.reduce((all, { weight }) => all + weight, 0);
const labelsOf = (entries: readonly TrafficEntry[]) => entries.flatMap(({ label }) => (label ? [label] : [])).sort();

describe('whatever the traffic was', () => {
  test('a share for ours leaves the rest to the others: always 100 %, every label kept', () => {
    fc.assert(
      fc.property(traffic, fc.integer({ min: 0, max: 100 }), (before, percent) => {
        const now = withShare(pinned(before, READY), OURS, percent);
        expect(sumOf(now)).toBe(100);
        expect(labelsOf(now)).toEqual(labelsOf(before));
        expect(shareOf(now, OURS, READY)).toBe(percent);
        expect(now.every(({ revision, weight }) => revision !== null && weight >= 0)).toBe(true);
      }),
    );
  });

  test('pinned, it is the same by name, and nothing follows the latest', () => {
    fc.assert(
      fc.property(traffic, (before) => {
        const now = pinned(before, READY);
        expect(sumOf(now)).toBe(100);
        expect(now.some(({ revision }) => revision === null)).toBe(false);
        expect(new Set(now.map(({ revision }) => revision)).size).toBe(now.length);
      }),
    );
  });

  test('in the end ours has all of it, in the form that it had', () => {
    fc.assert(
      fc.property(traffic, (before) => {
        const now = finalTraffic(before, OURS);
        expect(sumOf(now)).toBe(100);
        expect(labelsOf(now)).toEqual(labelsOf(before));
        const followed = before.some(({ revision, weight }) => revision === null && weight > 0);
        expect(shareOf(now, OURS, followed ? OURS : READY)).toBe(100);
        expect(followsLatest(now)).toBe(followed);
      }),
    );
  });

  test('it is the same after the journal and after Azure', () => {
    fc.assert(
      fc.property(traffic, (before) => {
        const data = {
          mode: 'multiple',
          latest: 'a',
          ready: READY,
          templateRevision: 'a',
          hash: 'x',
          templateRevisionHash: 'x',
          traffic: before,
        };
        const point = JSON.parse(JSON.stringify({ resource: 'app', revision: 'a', data }));
        expect(parseRestoreData(point, { resource: 'app' }).traffic).toEqual(before);
        expect(readTraffic(toDocument(before))).toEqual(before);
        expect(isSameTraffic([...before].reverse(), before)).toBe(true);
      }),
    );
  });
});

test('no entry at all is all of it for the latest', () => {
  expect(readTraffic([])).toEqual([{ revision: null, weight: 100, label: null }]);
});

test('one that follows the latest beside the same by name is one entry, with both shares', () => {
  const before: TrafficEntry[] = [
    { revision: null, weight: 70, label: null },
    { revision: 'Agent--Ready', weight: 30, label: 'stable' },
  ];
  expect(pinned(before, READY)).toEqual([{ revision: 'Agent--Ready', weight: 100, label: 'stable' }]);
});

const byName = (...shares: readonly (readonly [string | null, number])[]): TrafficEntry[] =>
  shares.map(([revision, weight]) => ({ revision, weight, label: null }));

test.each([
  [byName([null, 100]), [READY]],
  [byName(['a', 30], ['b', 70]), ['b']],
  [byName(['a', 50], ['b', 50]), ['a', 'b']],
  // The same revision, by name and as the latest.
  [byName(['a', 40], [READY, 30], [null, 30]), [READY]],
])('of %j, the largest share is that of %j', (entries, leading) => {
  expect(leadingRevisions(entries, READY)).toEqual(leading);
});

// Suffixes as they are made: f, it followed the latest; d, traffic named revisions; then the time.
const [FOLLOWED, NAMED] = ['agent--ftrpeyoabcdefg', 'agent--dtrpeyoabcdefg'];

test.each([
  ['traffic that follows the latest', 'agent--x', byName([null, 100]), true],
  ['traffic that a preview has pinned', FOLLOWED, byName([READY, 100]), true],
  ['traffic that named revisions before the preview', NAMED, byName([READY, 100]), false],
  ['traffic by name to our revision', FOLLOWED, byName([FOLLOWED, 100]), false],
  ['a split with our revision', FOLLOWED, byName([READY, 90], [FOLLOWED, 10]), false],
  ["traffic by name beside another user's revision", 'agent--x', byName([READY, 100]), false],
])('%s (newest %s, %j) follows the latest at the end of a rollout: %s', (_title, latest, entries, follows) => {
  expect(followsWhenDone({ latest, ready: READY, traffic: entries }, 1_800_000_000_000)).toBe(follows);
});
