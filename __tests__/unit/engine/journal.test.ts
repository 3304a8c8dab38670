import { describe, expect, test } from '@jest/globals';
import { type JournalEntry, openJournal } from '../../../src/engine/journal.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const entry: JournalEntry = {
  version: 1,
  phase: 'sending',
  image: `ghcr.io/acme/agent@sha256:${'a'.repeat(64)}`,
  point: { resource: 'service agent', revision: 'agent:41', data: { before: 'arn:…:agent:41', newest: 1, none: null } },
  mark: 'arn:…:agent:42',
  failure: { code: 'SMOKE_TEST_FAILED', message: 'it failed', hint: null },
  outcome: null,
};

describe('the journal', () => {
  test('reads back what was written last', () => {
    const { state } = fakeIo();
    openJournal(state).write({ ...entry, phase: 'open' });
    openJournal(state).write(entry);
    expect(openJournal(state).read()).toEqual(entry);
  });

  test('says null only where nothing was ever written', () => {
    expect(openJournal(fakeIo().state).read()).toBeNull();
  });

  test.each(['{', '{}', '{"version":2}', JSON.stringify({ ...entry, phase: 'unheard-of' })])(
    'an entry that cannot be read is an error, never "nothing to do": %s',
    (text) => {
      const { state } = fakeIo();
      state.save('journal', text);
      expect(() => openJournal(state).read()).toThrow(expect.objectContaining({ code: 'JOURNAL_INVALID' }));
    },
  );

  test('stays under 4 kB whatever the failure says', () => {
    const { state, saved } = fakeIo();
    openJournal(state).write({ ...entry, failure: { code: 'UNEXPECTED', message: 'x'.repeat(100_000), hint: null } });
    expect(Buffer.byteLength(saved.get('journal')!)).toBeLessThan(4_000);
  });

  test('refuses an entry that would not fit into an environment variable', () => {
    const { state } = fakeIo();
    const long = { ...entry, point: { ...entry.point, data: { document: 'x'.repeat(5_000) } } };
    expect(() => openJournal(state).write(long)).toThrow('too long');
  });
});
