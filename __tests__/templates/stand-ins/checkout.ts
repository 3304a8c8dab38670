import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import type { StandIn } from '../runner/stand-in.ts';

const tools = path.join(import.meta.dirname, 'tools');

export function checkout(repository: string): StandIn {
  return ({ job, inputs }) => {
    job.permissions.ensure('contents', 'read');
    cpSync(repository, job.workspace, { recursive: true });
    if (inputs['persist-credentials'] !== 'false') job.left.set('a token in .git', 'yes');
    return { outputs: { ref: job.ref } };
  };
}

export const setupPython: StandIn = ({ job, inputs }) => {
  if (!/^3\.\d+$/.test(inputs['python-version'] ?? '')) throw new Error('The python-version input is not set');
  if (inputs['cache'] === 'pip') ensureFile(job.workspace, ['requirements.txt', 'pyproject.toml']);
  return { outputs: { 'python-version': inputs['python-version']! }, path: path.join(tools, 'python') };
};

export const setupNode: StandIn = ({ job, inputs }) => {
  if (!/^\d+/.test(inputs['node-version'] ?? '')) throw new Error('The node-version input is not set');
  if (inputs['cache'] === 'npm') ensureFile(job.workspace, ['package-lock.json', 'npm-shrinkwrap.json']);
  return { outputs: { 'node-version': inputs['node-version']! }, path: path.join(tools, 'node') };
};

/** A cache needs a file to name it after. */
function ensureFile(folder: string, names: readonly string[]): void {
  if (names.some((name) => existsSync(path.join(folder, name)))) return;
  throw new Error(
    `No file in ${folder} matched to [${names.join(' or ')}], make sure you have checked out the repository`,
  );
}
