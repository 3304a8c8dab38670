import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** All that it gets, except PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default 60 s; then it is killed. */
  readonly timeoutMs?: number;
}

/** Without blocking: the embedded clouds answer from this process. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  child.on('error', reject);
  child.on('close', (exitCode) => resolve({ exitCode, ...text }));
  return promise;
}

/** @throws Error with its output, where it ends with another code. */
export async function runWell(file: string, args: readonly string[], options?: ProgramOptions): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram(file, args, options);
  if (exitCode === 0) return stdout;
  // Not the arguments: they may hold a password.
  throw new Error(`${basename(file)} ended with ${exitCode}: ${(stderr || stdout).trim().slice(-2_000)}`);
}

/** The path, in one of the folders (default: those of PATH); null: it is not installed. */
export function findProgram(name: string, folders = (process.env['PATH'] ?? '').split(delimiter)): string | null {
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
