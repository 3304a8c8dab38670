import { expect, test } from '@jest/globals';
import { emptyRecord, endAs, type RunRecord } from '../../../src/model/outcome.ts';
import { timeline } from '../../../src/report/timeline.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { anyText } from '../fuzz/attacks.ts';

const canary: RunRecord = {
  ...emptyRecord(0),
  finishedAt: 100_000,
  phases: [
    { name: 'Roll out', startedAt: 0, durationMs: 10_000 },
    { name: 'Traffic 5%', startedAt: 10_000, durationMs: 1_000 },
    { name: 'Roll back', startedAt: 80_000, durationMs: 15_000 },
  ],
  traffic: [
    { at: 11_000, asked: 5, inForce: 5, why: null },
    { at: 50_000, asked: 25, inForce: 25, why: null },
  ],
  analyses: [
    { share: '5%', startedAt: 11_000, passedRounds: 3, roundsWithoutData: 0, passed: true },
    { share: '25%', startedAt: 50_000, passedRounds: 1, roundsWithoutData: 0, passed: false },
  ],
};
const rolledBack = endAs('rolled-back', { revision: 'agent:41', previousRevision: 'agent:41' });

test('shows the release, each share until the next one or the rollback, and the rollback in red', () => {
  expect(timeline(rolledBack, canary).split('\n').slice(6)).toEqual([
    '  section Release',
    '  Roll out :done, 0, 10000',
    '  section Traffic',
    '  5#37; - checks passed 3 times :11000, 50000',
    '  25#37; - checks passed 1 times :crit, 50000, 80000',
    '  section Rollback',
    '  Roll back to agent#58;41 :crit, 80000, 95000',
    '```',
  ]);
});

test('has a label at most every eighth of its length', () => {
  expect(timeline(rolledBack, canary)).toContain('\n  tickInterval 15second\n');
  expect(timeline(rolledBack, { ...canary, finishedAt: 3_000_000, phases: [...canary.phases.slice(0, 2)] })).toContain(
    '\n  tickInterval 10minute\n',
  );
});

test('has no bar of a phase without a width, and no diagram where all took no time', () => {
  const short = { name: 'Find the service', startedAt: 0, durationMs: 100 };
  expect(timeline(rolledBack, { ...canary, phases: [short, ...canary.phases] })).not.toContain('Find');
  expect(timeline(rolledBack, { ...emptyRecord(0), phases: [short, { ...short, startedAt: 100 }] })).toBe('');
});

test('is left out where less than two phases ran', () => {
  expect(timeline(rolledBack, { ...canary, phases: [] })).toBe('');
});

test('a name from outside adds no line, no statement and no end of the block', () => {
  const text = anyText(
    '`',
    '```',
    ':',
    '\n',
    '%%',
    '5%',
    ';',
    '#',
    'click a',
    'call a',
    'Href a',
    '2026-01-01',
    'section',
    'title x',
    '-->',
  );
  fc.assert(
    fc.property(text, (name) => {
      const lines = timeline(
        { ...rolledBack, previousRevision: name },
        {
          ...canary,
          phases: canary.phases.map((phase) => (phase.name === 'Roll out' ? { ...phase, name } : phase)),
        },
      ).split('\n');
      expect(lines).toHaveLength(timeline(rolledBack, canary).split('\n').length);
      const bars = lines.slice(6, -1).filter((line) => !line.startsWith('  section '));
      expect(bars).toHaveLength(4);
      for (const bar of bars)
        expect(bar).toMatch(
          /^ {2}(?!section|title|click|[Cc]all|[Hh]ref|\d{4}-\d\d-\d\d)(?:#\d+;|[^:;#`%\n])+ :(?:(?:done|crit), )?\d+, \d+$/,
        );
    }),
    { numRuns: 100 },
  );
});
