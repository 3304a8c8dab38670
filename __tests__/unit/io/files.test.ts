import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Files, openFiles } from '../../../src/io/files.ts';

let folder = '';
let files: Files;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'files-'));
  files = openFiles({ RUNNER_TEMP: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file that is stored', () => {
  test('is in the temporary folder of the job and can be read by this user only', () => {
    const { path: file } = files.storePrivately('journal', 'text');
    expect(path.dirname(file)).toBe(folder);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toBe('text');
  });

  test('is a new one each time', () => {
    const [first, second] = [files.storePrivately('journal', 'one'), files.storePrivately('journal', 'two')];
    expect(files.readStored(first)).toBe('one');
    expect(files.readStored(second)).toBe('two');
  });

  test('that is gone is NOT_FOUND, with the file and the next step', () => {
    const stored = files.storePrivately('journal', 'text');
    rmSync(stored.path);
    expect(() => files.readStored(stored)).toThrow(
      expect.objectContaining({
        code: 'NOT_FOUND',
        message: `could not read ${stored.path}, which the main step stored: it is gone`,
        hint: expect.stringContaining('RUNNER_TEMP'),
      }),
    );
  });

  test('that was altered is JOURNAL_INVALID, and its content is not told', () => {
    const stored = files.storePrivately('journal', 'text');
    writeFileSync(stored.path, 'another text');
    expect(() => files.readStored(stored)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_INVALID', message: expect.not.stringContaining('another') }),
    );
  });
});

describe('a text', () => {
  test('of at most so many bytes is read, and a longer one is a RangeError', () => {
    const file = path.join(folder, 'text');
    writeFileSync(file, 'é');
    expect(files.readText(file, 2)).toBe('é');
    expect(() => files.readText(file, 1)).toThrow(RangeError);
  });

  test('can be read where it is a file, of any length', () => {
    const file = path.join(folder, 'text');
    writeFileSync(file, 'x'.repeat(10_000_001));
    expect([file, folder, path.join(folder, 'nothing')].map(files.canRead)).toEqual([true, false, false]);
  });

  test('that is not there is the error of Node', () => {
    expect(() => files.readText(path.join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
