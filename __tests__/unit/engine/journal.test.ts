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
    const io = fakeIo();
    openJournal(io).write({ ...entry, phase: 'open' });
    openJournal(io).write(entry);
    expect(openJournal(io).read()).toEqual(entry);
  });

  test('says null only where nothing was ever written', () => {
    expect(openJournal(fakeIo()).read()).toBeNull();
  });

  const unreadable: readonly object[] = [
    { ...entry, phase: 'unheard-of' },
    { ...entry, mark: null },
    { ...entry, phase: 'closed', outcome: 'toString' },
  ];
  test.each(['{', '{}', '{"version":2}', ...unreadable.map((document) => JSON.stringify({ ...document, owner: '' }))])(
    'an entry that cannot be read is an error, never "nothing to do": %s',
    (text) => {
      const io = fakeIo();
      io.state.save('journal', text);
      expect(() => openJournal(io).read()).toThrow(expect.objectContaining({ code: 'JOURNAL_INVALID' }));
    },
  );

  test.each(['of another run', '', undefined])('of another run is an error: %j', (owner) => {
    const io = fakeIo();
    io.state.save('run', 'of this run');
    io.state.save('journal', JSON.stringify({ ...entry, owner }));
    expect(() => openJournal(io).read()).toThrow(expect.objectContaining({ code: 'JOURNAL_INVALID' }));
  });

  test('stays under 4 kB whatever the failure says', () => {
    const io = fakeIo();
    openJournal(io).write({ ...entry, failure: { code: 'UNEXPECTED', message: 'x'.repeat(100_000), hint: null } });
    expect(Buffer.byteLength(io.saved.get('journal')!)).toBeLessThan(4_000);
  });

  describe('that is larger than a variable should be', () => {
    const data = { traffic: Array.from({ length: 500 }, (_, index) => [`agent-${index}`, 1, 'a-long-traffic-tag']) };
    const long = { ...entry, point: { ...entry.point, data } };

    test('goes to a file, which the variable names with its digest', () => {
      const io = fakeIo();
      openJournal(io).write(long);
      expect(Buffer.byteLength(io.saved.get('journal')!)).toBeLessThan(300);
      expect(io.stored.size).toBe(1);
      expect(openJournal(io).read()).toEqual(long);
    });

    test.each<[string, (stored: Map<string, string>, file: string) => void]>([
      ['is gone', (stored, file) => void stored.delete(file)],
      ['was altered', (stored, file) => void stored.set(file, JSON.stringify({ ...long, mark: 'arn:…:agent:1' }))],
    ])('is an error where the file %s', (_, spoil) => {
      const io = fakeIo();
      openJournal(io).write(long);
      spoil(io.stored, [...io.stored.keys()][0]!);
      expect(() => openJournal(io).read()).toThrow(expect.objectContaining({ code: 'JOURNAL_INVALID' }));
    });
  });

  test('knows a service that did not exist, and a change without an image', () => {
    const io = fakeIo();
    const first = { ...entry, image: null, point: { ...entry.point, revision: null } };
    openJournal(io).write(first);
    expect(openJournal(io).read()).toEqual(first);
  });
});

test('an entry holds no value in what a person reads, and its code and references as they are', () => {
  const io = fakeIo();
  const redact = (text: string): string => text.replaceAll('hunter2', '***').replaceAll('CANCELLED', '***');
  const journal = openJournal({ ...io, log: { ...io.log, redact } });
  const failure = { code: 'CANCELLED' as const, message: 'said hunter2', hint: 'not hunter2' };
  const point = { resource: 'service hunter2', revision: 'agent:41', data: { service: 'hunter2' } };
  const rollback = { failure, command: 'aws ecs update-service --service hunter2' };
  const entry = { version: 1 as const, phase: 'closed' as const, image: null, point, mark: 'm', outcome: null };
  journal.write({ ...entry, failure, notes: ['a hunter2'], rollback });
  const shown = { code: 'CANCELLED', message: 'said ***', hint: 'not ***' };
  expect(journal.read()).toEqual({
    ...entry,
    failure: shown,
    notes: ['a ***'],
    rollback: { failure: shown, command: rollback.command },
  });
});
