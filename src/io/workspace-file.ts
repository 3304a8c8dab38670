import { closeSync, constants, fstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { DeployError } from '../model/errors.ts';
import { DO_NOT_WAIT, readToEnd } from './read-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Where paths in inputs begin: the repository's root on a runner. */
export function workspaceOf(env: Env): string {
  return env['GITHUB_WORKSPACE'] || process.cwd();
}

/** Its length in bytes; null: there is no such file. @throws DeployError INPUT_INVALID for one that an input may not name */
export function sizeOfWorkspaceFile(env: Env, name: string): number | null {
  try {
    const descriptor = openInside(workspaceOf(env), name);
    const { size } = fstatSync(descriptor);
    closeSync(descriptor);
    return size;
  } catch (error) {
    if (error instanceof DeployError) throw error;
    return null;
  }
}

/**
 * A file that an input names, below the workspace. The repository holds what others wrote: a symlink in it to
 * `/proc/self/environ` sent all of our environment to the tested host.
 * @throws DeployError INPUT_INVALID for one that an input may not name; RangeError when it is longer than `maxBytes`; Error
 *   of Node
 */
export function readWorkspaceFile(env: Env, name: string, maxBytes: number): Buffer {
  const descriptor = openInside(workspaceOf(env), name);
  try {
    return readToEnd(descriptor, name, maxBytes);
  } finally {
    closeSync(descriptor);
  }
}

// Windows has no O_NOFOLLOW.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | DO_NOT_WAIT;

function openInside(workspace: string, name: string): number {
  const root = realpathSync(workspace);
  const file = realpathSync(path.resolve(root, name));
  ensureInside(root, file, name);
  const descriptor = openSync(file, FLAGS);
  try {
    // A folder above it may have become a symlink since, which O_NOFOLLOW does not see.
    ensureInside(root, findOpened(descriptor) ?? file, name);
    if (!fstatSync(descriptor).isFile()) throw refusal(name, 'it is not a regular file');
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Where the file is that was opened. null: this system does not tell (Linux does). */
function findOpened(descriptor: number): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return null;
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
