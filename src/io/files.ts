import { createHash, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DeployError } from '../model/errors.ts';
import { writePrivately } from './private-file.ts';
import { readRegularFile } from './read-file.ts';
import { readWorkspaceFile, sizeOfWorkspaceFile } from './workspace-file.ts';

/** A file of this job, and what its content was when it was stored. */
export interface StoredFile {
  readonly path: string;
  readonly sha256: string;
}

/** The files of the runner. */
export interface Files {
  /**
   * Stores a text in the job's temporary folder, readable by this user only. Durable when it returns; each call makes a
   * new file, so that a kill leaves an earlier one whole.
   */
  storePrivately(name: string, text: string): StoredFile;
  /** @throws DeployError NOT_FOUND when it is gone, JOURNAL_INVALID when it was altered. */
  readStored(file: StoredFile): string;
  /** UTF-8. @throws Error of Node; Error for a folder, a pipe or a device; RangeError when it is longer than `maxBytes`, by default 10 MB */
  readText(file: string, maxBytes?: number): string;
  /** Length in bytes of a file that an input names; null: there is none. @throws DeployError INPUT_INVALID when an input may not name it */
  sizeOfInput(name: string): number | null;
  /**
   * What is in it. @throws DeployError INPUT_INVALID when an input may not name it; RangeError when it is longer than
   * `maxBytes`; Error of Node
   */
  readInput(name: string, maxBytes: number): Buffer;
}

const MAX_BYTES = 10_000_000;

export function openFiles(env: Readonly<Record<string, string | undefined>>): Files {
  return {
    storePrivately(name, text) {
      const file = path.join(env['RUNNER_TEMP'] || tmpdir(), `deploy-agent-${name}-${randomUUID()}.json`);
      writePrivately(file, text);
      return { path: file, sha256: hash(text) };
    },
    readStored({ path: file, sha256 }) {
      const text = tryRead(file);
      if (text === null) throw lost('NOT_FOUND', file, 'it is gone');
      if (hash(text) !== sha256) throw lost('JOURNAL_INVALID', file, 'its content was altered');
      return text;
    },
    readText,
    sizeOfInput: (name) => sizeOfWorkspaceFile(env, name),
    readInput: (name, maxBytes) => readWorkspaceFile(env, name, maxBytes),
  };
}

function readText(file: string, maxBytes = MAX_BYTES): string {
  return readRegularFile(file, maxBytes).toString();
}

function tryRead(file: string): string | null {
  try {
    return readText(file);
  } catch {
    return null;
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function lost(code: 'NOT_FOUND' | 'JOURNAL_INVALID', file: string, why: string): DeployError {
  return new DeployError(code, `could not read ${file}, which the main step stored: ${why}`, {
    hint: 'Keep RUNNER_TEMP as it is until the job is over.',
  });
}
