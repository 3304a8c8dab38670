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
 * Runs a file as GitHub runs a step: by `bash --noprofile --norc -eo pipefail`, or by `sh -e` where there is no bash, as in many
 * job containers. Prints its output as it comes. When it returns, nothing of its process group is left.
 * @throws DeployError UNSUPPORTED when neither can be started; the signal's reason.
 */
export async function runScript(script: Script, io: Io): Promise<ScriptEnd> {
  const file = toShellPath(script.file, process.platform);
  try {
    return await runBy('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], script, io);
  } catch (error) {
    if (!isMissing(error)) throw error;
    io.log.info('There is no bash here: sh runs the command, without pipefail.');
  }
  try {
    return await runBy('sh', ['-e', file], script, io);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const hint = 'Run the job on a runner that has bash or sh, or write the smoke test as a request.';
    throw new DeployError(error.code, error.message, { cause: error, hint });
  }
}

/** For the bash of Git on Windows a backslash quotes what follows. As GitHub's runner does it. */
export function toShellPath(file: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? file.replaceAll('\\', '/') : file;
}

function isMissing(error: unknown): error is DeployError {
  return error instanceof DeployError && error.code === 'UNSUPPORTED';
}

async function runBy(command: string, args: readonly string[], script: Script, io: Io): Promise<ScriptEnd> {
  const { file: _, ...options } = script;
  const lines = openOutputLines((printed) => io.log.foreign(printed));
  const output = { stdout: lines.openStream(), stderr: lines.openStream() };
  const end = await io.exec.run(command, args, { ...options, output });
  const { exitCode, signal = null, timedOut = false } = end;
  return { exitCode, signal, timedOut, lastLines: lines.lastLines() };
}
