import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { DeployError } from '../model/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Where paths in inputs begin: the repository's root on a runner. */
export function workspaceOf(env: Env): string {
  return env['GITHUB_WORKSPACE'] || process.cwd();
}

/** Is there such a file? @throws DeployError INPUT_INVALID for one that an input may not name */
export function hasWorkspaceFile(env: Env, name: string): boolean {
  try {
    closeSync(openInside(workspaceOf(env), name).descriptor);
    return true;
  } catch (error) {
    if (error instanceof DeployError) throw error;
    return false;
  }
}

/**
 * A file that an input names, below the workspace. The repository holds what others wrote: a symlink in it to
 * `/proc/self/environ` sent all of our environment to the tested host.
 * @throws DeployError INPUT_INVALID for one that an input may not name; RangeError when it is longer than `maxBytes`; Error
 *   of Node
 */
export function readWorkspaceFile(env: Env, name: string, maxBytes: number): Buffer {
  const { descriptor, size } = openInside(workspaceOf(env), name);
  try {
    if (size > maxBytes) throw new RangeError(`${name} is longer than ${maxBytes} bytes`);
    const bytes = Buffer.alloc(size);
    let length = 0;
    for (let read = -1; read !== 0 && length < size; length += read) {
      read = readSync(descriptor, bytes, length, size - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

// Without O_NONBLOCK, opening a pipe waits until another process writes to it. Windows has neither.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function openInside(workspace: string, name: string): { readonly descriptor: number; readonly size: number } {
  const root = realpathSync(workspace);
  const file = realpathSync(path.resolve(root, name));
  ensureInside(root, file, name);
  const descriptor = openSync(file, FLAGS);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw refusal(name, 'it is not a regular file');
    return { descriptor, size: stat.size };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function ensureInside(root: string, file: string, name: string): void {
  const inside = path.relative(root, file);
  const parts = inside.split(path.sep);
  if (parts[0] === '..' || path.isAbsolute(inside)) throw refusal(name, 'it is outside of the workspace');
  if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(file)) throw refusal(name, 'it belongs to the operating system');
  // actions/checkout leaves the job's token in .git/config.
  if (parts.includes('.git')) throw refusal(name, 'it belongs to git');
}

function refusal(name: string, why: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not read the file ${name}: ${why}`, {
    hint: 'Name a file of the repository, by its path from the root. Symlinks may not lead out of it.',
  });
}
