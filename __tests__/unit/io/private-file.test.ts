import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writePrivately } from '../../../src/io/private-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'private-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a private file', () => {
  test('can be read by this user only, whatever the umask', () => {
    const before = process.umask(0);
    try {
      writePrivately(path.join(folder, 'a'), 'text');
    } finally {
      process.umask(before);
    }
    expect(statSync(path.join(folder, 'a')).mode & 0o777).toBe(0o600);
    expect(readFileSync(path.join(folder, 'a'), 'utf8')).toBe('text');
  });

  test('is never written over another one, nor over what a link points to', () => {
    const [file, link, other] = ['file', 'link', 'other'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(file, 'theirs');
    writeFileSync(other, 'theirs');
    symlinkSync(other, link);
    for (const taken of [file, link]) {
      expect(() => writePrivately(taken, 'ours')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    }
    expect([file, other].map((name) => readFileSync(name, 'utf8'))).toEqual(['theirs', 'theirs']);
  });

  test('is not made where a link points to nothing', () => {
    symlinkSync(path.join(folder, 'nothing'), path.join(folder, 'link'));
    expect(() => writePrivately(path.join(folder, 'link'), 'ours')).toThrow(
      expect.objectContaining({ code: 'EEXIST' }),
    );
    expect(() => statSync(path.join(folder, 'nothing'))).toThrow('ENOENT');
  });
});
