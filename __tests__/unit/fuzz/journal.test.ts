import { describe, expect, test } from '@jest/globals';
import { type JournalEntry, openJournal } from '../../../src/engine/journal.ts';
import type { State } from '../../../src/io/state.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { anyText } from './attacks.ts';

const PHASES = ['open', 'sending', 'rolling-back', 'closed'] as const;

const RUN = 'this run';
const text = fc.string({ unit: 'grapheme', maxLength: 30 });
// As it comes back from JSON, which knows no -0. The journal leaves out a member __proto__, which no cloud has.
const withoutProto = (key: string, value: unknown) => (key === '__proto__' ? undefined : value);
const anyJson = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value), withoutProto));
const documents = fc.record({
  version: fc.constant(1 as const),
  phase: fc.constantFrom(...PHASES),
  image: fc.option(text),
  point: fc.record({
    resource: text,
    revision: fc.option(text),
    data: fc.dictionary(
      fc.string({ maxLength: 8 }).filter((name) => name !== '__proto__'),
      anyJson,
      { maxKeys: 4 },
    ),
  }),
  mark: fc.option(text),
  failure: fc.option(
    fc.record({ code: fc.constant('TIMEOUT' as const), message: fc.string({ maxLength: 900 }), hint: fc.option(text) }),
  ),
  outcome: fc.option(fc.constantFrom('deployed' as const, 'rolled-back' as const)),
  notes: fc.array(text, { maxLength: 3 }),
  rollback: fc.option(
    fc.record({
      failure: fc.record({ code: fc.constant('TIMEOUT' as const), message: text, hint: fc.option(text) }),
      command: text,
    }),
  ),
});
// Nothing is sent without a mark.
const entries = documents.map((entry) =>
  ['sending', 'rolling-back'].includes(entry.phase) ? { ...entry, mark: entry.mark ?? 'mark-42' } : entry,
);

function memoryState(first = ''): State {
  let kept = first;
  return {
    save: (_, value) => {
      kept = value;
    },
    read: (name) => (name === 'journal' ? kept : ''),
  };
}

/** null for nothing; 'invalid' for a refusal as promised. */
function readOrRefuse(found: string): JournalEntry | null | 'invalid' {
  try {
    return openJournal({ ...fakeIo(), state: memoryState(found) }).read();
  } catch (error) {
    expect(error).toBeInstanceOf(DeployError);
    expect(error).toMatchObject({ code: 'JOURNAL_INVALID' });
    return 'invalid';
  }
}

describe('the journal', () => {
  test('that was written is read as it was, but for the length of a message', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const journal = openJournal({ ...fakeIo(), state: memoryState() });
        journal.write(entry);
        const message = journal.read()?.failure?.message ?? '';
        expect(message.length).toBeLessThan(620);
        expect(journal.read()).toEqual({ ...entry, failure: entry.failure && { ...entry.failure, message } });
      }),
      { numRuns: 200 },
    );
  });

  test('of any text is an entry with a phase, or invalid; only no text at all is no entry', () => {
    const given = fc.oneof(anyText('{"version":1', '"phase":"open"', ',', '}', 'null'), fc.json({ maxDepth: 3 }));
    fc.assert(
      fc.property(given, (found) => {
        const entry = readOrRefuse(found);
        if (entry === null) expect(found).toBe('');
        else if (entry !== 'invalid') expect(PHASES).toContain(entry.phase);
      }),
      { numRuns: 300 },
    );
  });

  test('of an entry that breaks off anywhere is invalid, never another entry', () => {
    fc.assert(
      fc.property(entries, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (entry, part) => {
        const whole = JSON.stringify({ ...entry, owner: RUN });
        const torn = whole.slice(0, Math.floor(whole.length * part));
        expect(readOrRefuse(torn)).toBe(torn === '' ? null : 'invalid');
      }),
      { numRuns: 200 },
    );
  });

  test('of an entry in which one member was changed to any value is invalid or has that value', () => {
    const member = fc.constantFrom('version', 'phase', 'image', 'point', 'mark', 'failure', 'outcome');
    fc.assert(
      fc.property(entries, member, fc.jsonValue({ maxDepth: 2 }), (entry, name, value) => {
        const found = readOrRefuse(JSON.stringify({ ...entry, owner: RUN, [name]: value }));
        if (found !== 'invalid') expect(found).toMatchObject({ version: 1 });
      }),
      { numRuns: 200 },
    );
  });
});
