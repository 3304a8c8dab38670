import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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

  test('of several pieces is read wholly, and its length is that of all of them', () => {
    const file = path.join(folder, 'text');
    writeFileSync(file, 'ab'.repeat(100_000));
    expect(files.readText(file, 200_000)).toBe('ab'.repeat(100_000));
    expect(() => files.readText(file, 199_999)).toThrow(RangeError);
  });

  test('leaves no file open, whether it was read or not', () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const file = path.join(folder, 'text');
    writeFileSync(file, 'text');
    const before = open();
    for (let time = 0; time < 20; time += 1) {
      files.readText(file);
      expect(() => files.readText(folder)).toThrow('is not a regular file');
    }
    expect(open()).toBeLessThan(before + 20);
  });

  test('may be in no folder, device or pipe, which nothing waits for', () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('bash', ['-c', 'mkfifo "$0"', pipe]);
    for (const file of [folder, pipe, '/dev/zero']) {
      expect(() => files.readText(file)).toThrow(`${file} is not a regular file`);
    }
  });

  test('whose size the system does not tell is read, up to as many bytes', () => {
    expect(files.readText('/proc/self/status')).toContain('Pid:');
    expect(() => files.readText('/proc/self/status', 10)).toThrow(RangeError);
  });

  test('that is not there is the error of Node', () => {
    expect(() => files.readText(path.join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});

describe('a file that an input names', () => {
  const inputs = () => openFiles({ GITHUB_WORKSPACE: path.join(folder, 'repository') });
  const refused = (name: string) => {
    const message = expect.stringMatching(`^could not read the file ${name}: it `);
    expect(() => inputs().readInput(name, 1_000)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }));
    expect(() => inputs().sizeOfInput(name)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  };
  beforeEach(() => {
    mkdirSync(path.join(folder, 'repository/tests'), { recursive: true });
    writeFileSync(path.join(folder, 'repository/tests/cat.jpg'), 'cat');
    writeFileSync(path.join(folder, 'outside'), 'outside');
  });
  const link = (target: string, name: string) => symlinkSync(target, path.join(folder, 'repository', name));

  test('is read below the workspace, also through a symlink that stays there', () => {
    link('tests', 'linked');
    for (const name of ['tests/cat.jpg', './tests/../tests/cat.jpg', 'linked/cat.jpg']) {
      expect(inputs().sizeOfInput(name)).toBe(3);
      expect(inputs().readInput(name, 3).toString()).toBe('cat');
    }
    expect(inputs().readInput(path.join(folder, 'repository/tests/cat.jpg'), 3).toString()).toBe('cat');
  });

  test('is read where the workspace itself is a symlink', () => {
    symlinkSync(path.join(folder, 'repository'), path.join(folder, 'work'));
    const files = openFiles({ GITHUB_WORKSPACE: path.join(folder, 'work') });
    expect(files.readInput('tests/cat.jpg', 3).toString()).toBe('cat');
  });

  test('may be outside neither by its path nor by a symlink', () => {
    link('../outside', 'file');
    link('../..', 'tests/up');
    link('/proc/self/environ', 'environ');
    for (const name of ['../outside', path.join(folder, 'outside'), 'file', 'tests/up/outside', 'environ']) {
      refused(name);
    }
  });

  test('may not be a folder, a device, or a pipe, which nothing waits for', () => {
    execFileSync('bash', ['-c', 'mkfifo "$0"', path.join(folder, 'repository/pipe')]);
    for (const name of ['tests', 'pipe', '/dev/zero', '/proc/self/environ']) refused(name);
  });

  test('may not belong to the operating system where the workspace is its root', () => {
    const files = openFiles({ GITHUB_WORKSPACE: '/' });
    for (const name of ['/proc/self/environ', '/sys/kernel/uevent_seqnum', '/dev/null']) {
      expect(() => files.readInput(name, 1_000_000)).toThrow('it belongs to the operating system');
    }
  });

  test('may be in a folder of the repository that is named like one of the system', () => {
    mkdirSync(path.join(folder, 'repository/proc'));
    writeFileSync(path.join(folder, 'repository/proc/list'), 'ps');
    expect(inputs().readInput('proc/list', 2).toString()).toBe('ps');
  });

  test('is closed after it was read, looked for or refused', () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let time = 0; time < 20; time += 1) {
      inputs().readInput('tests/cat.jpg', 3);
      inputs().sizeOfInput('tests/cat.jpg');
      expect(() => inputs().readInput('tests/cat.jpg', 2)).toThrow(RangeError);
      refused('tests');
    }
    expect(open()).toBeLessThan(before + 20);
  });

  test('may not belong to git, which has the token of the checkout', () => {
    mkdirSync(path.join(folder, 'repository/.git'));
    writeFileSync(path.join(folder, 'repository/.git/config'), 'AUTHORIZATION: basic');
    link('.git/config', 'config');
    for (const name of ['.git/config', 'config']) refused(name);
  });

  test('that is too long is a RangeError, and one that is not there the error of Node', () => {
    expect(() => inputs().readInput('tests/cat.jpg', 2)).toThrow(RangeError);
    expect(() => inputs().readInput('tests/dog.jpg', 2)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(inputs().sizeOfInput('tests/dog.jpg')).toBeNull();
  });
});
