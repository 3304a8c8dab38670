import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { openOutputLines } from './output-lines.ts';

export interface Script {
  readonly file: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Ends it, with its whole process group, when it is aborted. */
  readonly signal: AbortSignal;
}

export interface ScriptEnd {
  /** null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly lastLines: readonly string[];
}

/**
 * Runs a file as GitHub runs a step (`bash --noprofile --norc -eo pipefail`), and prints its output as it comes. When it
 * returns, nothing of its process group is left.
 * @throws DeployError UNSUPPORTED when bash cannot be started; the signal's reason.
 */
export async function runScript(script: Script, io: Io): Promise<ScriptEnd> {
  const { file, ...options } = script;
  const lines = openOutputLines((printed) => io.log.foreign(printed));
  const output = { stdout: lines.openStream(), stderr: lines.openStream() };
  const args = ['--noprofile', '--norc', '-eo', 'pipefail', file];
  try {
    const end = await io.exec.run('bash', args, { ...options, output });
    const { exitCode, signal = null, timedOut = false } = end;
    return { exitCode, signal, timedOut, lastLines: lines.lastLines() };
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'UNSUPPORTED') throw error;
    const hint = 'Run the job on a runner that has bash, or write the smoke test as a request.';
    throw new DeployError(error.code, error.message, { cause: error, hint });
  }
}
