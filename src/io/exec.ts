import { exec } from '@actions/exec';
import { DeployError } from '../model/errors.ts';

export interface ExecOptions {
  /** Written to the command's standard input, which is then closed. */
  readonly input: string;
  readonly timeoutMs: number;
}

export interface ExecResult {
  /** 127: there is no such command. */
  readonly exitCode: number;
  readonly stdout: string;
}

/** Runs other programs: no shell, nothing printed. */
export interface Exec {
  /** @throws DeployError TIMEOUT, or UNEXPECTED when it prints more than 1 MiB. */
  run(command: string, args: readonly string[], options: ExecOptions): Promise<ExecResult>;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;
const COMMAND_NOT_FOUND = 127;

export const runnerExec: Exec = {
  async run(command, args, options) {
    const chunks: Buffer[] = [];
    let size = 0;
    const running = exec(command, [...args], {
      silent: true,
      ignoreReturnCode: true,
      input: Buffer.from(options.input),
      listeners: {
        stdout: (chunk) => {
          size += chunk.length;
          if (size <= MAX_OUTPUT_BYTES) chunks.push(chunk);
        },
      },
    });
    const exitCode = await within(running.catch(tryNotFound), command, options.timeoutMs);
    if (size > MAX_OUTPUT_BYTES)
      throw new DeployError('UNEXPECTED', `could not read what ${command} printed: too much`, {
        hint: `Run ${command} by hand to see what it prints.`,
      });
    return { exitCode, stdout: Buffer.concat(chunks).toString() };
  },
};

/** @actions/io says it only in words. */
function tryNotFound(error: Error): number {
  if (error.message.startsWith('Unable to locate executable file')) return COMMAND_NOT_FOUND;
  throw error;
}

/** @actions/exec cannot end a process: one that hangs is left to itself. */
async function within(running: Promise<number>, command: string, timeoutMs: number): Promise<number> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `could not run ${command}: it did not end within ${timeoutMs} ms`;
    reject(new DeployError('TIMEOUT', message, { hint: `Run ${command} by hand to see what it waits for.` }));
  }, timeoutMs);
  try {
    return await Promise.race([running, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
