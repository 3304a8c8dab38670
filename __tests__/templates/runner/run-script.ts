import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseFileCommands } from '../../../simulators/file-commands.ts';

export interface ScriptOptions {
  readonly script: string;
  /** As in `shell:`; '': the default. */
  readonly shell: string;
  readonly directory: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onStart: (child: ChildProcess) => void;
}

export interface ScriptResult {
  readonly exitCode: number | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly summary: string;
}

const SHELLS: Readonly<Record<string, readonly string[]>> = {
  '': ['-e'],
  bash: ['--noprofile', '--norc', '-e', '-o', 'pipefail'],
};

let scripts = 0;

/** A `run` step: the script in a file of its own, by the shell that the runner would take. */
export async function runScript(options: ScriptOptions): Promise<ScriptResult> {
  const flags = SHELLS[options.shell];
  if (!flags) throw new Error(`shell: ${options.shell} is not one that this runner knows`);
  const base = path.join(options.directory, `script-${++scripts}`);
  const files = { GITHUB_OUTPUT: `${base}.output`, GITHUB_ENV: `${base}.env`, GITHUB_STEP_SUMMARY: `${base}.summary` };
  await writeFile(`${base}.sh`, options.script);
  for (const file of Object.values(files)) await writeFile(file, '');
  const end = await runBash([...flags, `${base}.sh`], { ...options, env: { ...options.env, ...files } });
  const pairs = async (file: string) => parseFileCommands(await readFile(file, 'utf8')).pairs;
  const summary = await readFile(files.GITHUB_STEP_SUMMARY, 'utf8');
  return { ...end, outputs: await pairs(files.GITHUB_OUTPUT), env: await pairs(files.GITHUB_ENV), summary };
}

function runBash(args: readonly string[], { cwd, env, onStart }: ScriptOptions) {
  const { promise, resolve, reject } = Promise.withResolvers<Pick<ScriptResult, 'exitCode' | 'log'>>();
  const child = spawn('bash', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log += text;
    });
  }
  child.on('error', reject);
  child.on('close', (exitCode) => resolve({ exitCode, log }));
  onStart(child);
  return promise;
}
