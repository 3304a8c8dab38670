import { type ChildProcess, spawn } from 'node:child_process';
import { DeployError } from '../model/errors.ts';
import type { Clock } from './clock.ts';

export interface ExecOptions {
  readonly timeoutMs: number;
  /** Written to the command's standard input, which is then closed; absent: it has none. */
  readonly input?: string;
  /** All of its environment; absent: that of the job. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Gets the output as it comes; absent: standard output is collected, at most 1 MiB of it. */
  readonly output?: ExecOutput;
}

export interface ExecOutput {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

export interface OutputStream {
  write(chunk: Buffer): void;
  end(): void;
}

export interface ExecResult {
  /** null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal?: NodeJS.Signals | null;
  /** True: it was ended, as its time was up. */
  readonly timedOut?: boolean;
  /** '' where `output` got it. */
  readonly stdout: string;
}

/** Runs other programs: no shell, nothing printed. */
export interface Exec {
  /**
   * The command has a process group of its own; when it returns, nothing of the group is left.
   * @throws DeployError UNSUPPORTED when it cannot be started, UNEXPECTED when more is to be collected than 1 MiB; the
   * signal's reason
   */
  run(command: string, args: readonly string[], options: ExecOptions): Promise<ExecResult>;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;
const KILL_AFTER_MS = 2_000;
const DRAIN_MS = 1_000;
const LAST_DRAIN_MS = 200;
const POLL_MS = 50;

/** By Node's own `spawn`: @actions/exec has no time-out, and can end neither a process nor its group. */
export function openExec(clock: Clock): Exec {
  return {
    async run(command, args, options) {
      const collected = collect(command);
      const child = start(command, args, options);
      const { exited, closed } = follow(child, command, options.output ?? collected);
      const over = new AbortController();
      const sleep = (ms: number, signal = over.signal) => sleepOrEnd(ms, signal, clock);
      try {
        const timeUp = sleep(
          options.timeoutMs,
          AbortSignal.any([over.signal, ...(options.signal ? [options.signal] : [])]),
        );
        const first = await Promise.race([exited, timeUp]);
        // A process that outlives the command may still be writing (`exec > >(tee log)`): it gets a moment.
        if (typeof first === 'object') await Promise.race([closed, sleep(DRAIN_MS)]);
        await endGroup(child, clock);
        options.signal?.throwIfAborted();
        const end = await exited;
        await Promise.race([closed, sleep(LAST_DRAIN_MS)]);
        return { ...end, timedOut: first === 'slept', stdout: collected.text() };
      } finally {
        over.abort();
        // A process that left the group and still holds the pipes must not keep us here.
        child.stdout?.destroy();
        child.stderr?.destroy();
      }
    },
  };
}

function collect(command: string): ExecOutput & { text(): string } {
  const chunks: Buffer[] = [];
  let size = 0;
  const ignored: OutputStream = { write: () => {}, end: () => {} };
  return {
    stderr: ignored,
    stdout: {
      ...ignored,
      write(chunk) {
        size += chunk.length;
        if (size <= MAX_OUTPUT_BYTES) chunks.push(chunk);
      },
    },
    text() {
      if (size <= MAX_OUTPUT_BYTES) return Buffer.concat(chunks).toString();
      throw new DeployError('UNEXPECTED', `could not read what ${command} printed: too much`, {
        hint: `Run ${command} by hand to see what it prints.`,
      });
    },
  };
}

function start(command: string, args: readonly string[], { input, env, cwd }: ExecOptions): ChildProcess {
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    detached: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // A command that does not read its input closes the pipe.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return child;
}

function follow(child: ChildProcess, command: string, output: ExecOutput) {
  const exited = Promise.withResolvers<{ exitCode: number | null; signal: NodeJS.Signals | null }>();
  const closed = Promise.withResolvers<void>();
  child.stdout?.on('data', output.stdout.write).on('close', output.stdout.end);
  child.stderr?.on('data', output.stderr.write).on('close', output.stderr.end);
  child.on('error', (error: NodeJS.ErrnoException) => {
    const message = `could not start ${command}: ${error.code ?? error.message}`;
    exited.reject(new DeployError('UNSUPPORTED', message, { cause: error, hint: `Install ${command} on the runner.` }));
  });
  child.on('exit', (exitCode, signal) => exited.resolve({ exitCode, signal }));
  child.on('close', () => closed.resolve());
  return { exited: exited.promise, closed: closed.promise };
}

async function sleepOrEnd(ms: number, signal: AbortSignal, clock: Clock): Promise<'slept' | 'ended'> {
  try {
    await clock.sleep(ms, signal);
    return 'slept';
  } catch (error) {
    if (signal.aborted) return 'ended';
    throw error;
  }
}

/** SIGTERM to the whole group, SIGKILL to what is left of it 2 s later. */
async function endGroup(child: ChildProcess, clock: Clock): Promise<void> {
  if (!trySignalGroup(child, 'SIGTERM')) return;
  const killAt = clock.now() + KILL_AFTER_MS;
  while (clock.now() < killAt) {
    await clock.sleep(POLL_MS);
    if (!trySignalGroup(child, 0)) return;
  }
  trySignalGroup(child, 'SIGKILL');
}

/** False: no process is left in the group. */
function trySignalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  // Windows has no process groups; there only the command itself can be ended.
  if (process.platform === 'win32') return child.exitCode === null && child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
