import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A command of a cloud's CLI, as the script ran it. */
export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  /** What it read from its standard input. */
  readonly input: string;
}

export interface Recording {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly Call[];
}

const root = path.resolve(import.meta.dirname, '../..');
const PROGRAMS = ['aws', 'az', 'gcloud', 'gh', 'kubectl'];

/** Runs a script of infrastructure/setup/ with the recorder in place of every CLI. */
export function record(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Recording {
  return recordBash([path.join(root, script), ...args], { env });
}

/** The same for what a user pastes into a new shell, where nothing stops at the first failure. An unset variable is an error here. */
export function recordPasted(text: string): Recording {
  return recordBash(['-u'], { input: text });
}

function recordBash(
  args: readonly string[],
  { env, input }: { readonly env?: Readonly<Record<string, string>>; readonly input?: string },
): Recording {
  const folder = mkdtempSync(path.join(tmpdir(), 'setup-'));
  try {
    for (const name of PROGRAMS) symlinkSync(path.join(import.meta.dirname, 'recorder.sh'), path.join(folder, name));
    const notes = path.join(folder, 'notes');
    writeFileSync(notes, '');
    const { status, stdout, stderr } = spawnSync('bash', args, {
      env: { PATH: `${folder}:${process.env['PATH']}`, HOME: folder, TMPDIR: folder, RECORD: notes, ...env },
      ...{ input, encoding: 'utf8' },
      timeout: 150_000,
    });
    return { exitCode: status, stdout, stderr, calls: readNotes(readFileSync(notes, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readNotes(text: string): readonly Call[] {
  return text
    .split('\u001d')
    .slice(0, -1)
    .map((entry) => {
      const [words = '', input = ''] = entry.split('\u001e');
      const [program = '', ...args] = words.split('\u001f').slice(0, -1);
      return { program, args, input };
    });
}
