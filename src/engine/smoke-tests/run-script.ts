import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../io/clock.ts';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { openOutputLines } from './output-lines.ts';

export interface Script {
  readonly file: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface ScriptEnd {
  /** null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly lastLines: readonly string[];
}

const KILL_AFTER_MS = 2_000;
const DRAIN_MS = 1_000;
const LAST_DRAIN_MS = 200;
const LOOK_EVERY_MS = 50;

/**
 * Runs a file as GitHub runs a step (`bash --noprofile --norc -eo pipefail`), in a process group of its own, and prints
 * its output as it comes. When it returns, nothing of the group is left.
 * @throws DeployError UNSUPPORTED when bash cannot be started; the signal's reason.
 */
export async function runScript(script: Script, io: Io): Promise<ScriptEnd> {
  const output = openOutputLines((lines) => io.log.foreign(lines));
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script.file], {
    cwd: script.cwd,
    env: { ...script.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { exited, closed } = follow(child, output);
  const over = new AbortController();
  try {
    const timeUp = sleepOrEnd(script.timeoutMs, AbortSignal.any([io.signal, over.signal]), io.clock);
    const first = await Promise.race([exited, timeUp]);
    // A process that outlives the script may still be writing (`exec > >(tee log)`): it gets a moment.
    if (typeof first === 'object') await Promise.race([closed, sleepOrEnd(DRAIN_MS, over.signal, io.clock)]);
    await endGroup(child, io.clock);
    io.signal.throwIfAborted();
    const end = await exited;
    await Promise.race([closed, sleepOrEnd(LAST_DRAIN_MS, over.signal, io.clock)]);
    return { ...end, timedOut: first === 'slept', lastLines: output.lastLines() };
  } finally {
    over.abort();
    // Whoever left the group and still holds the pipes must not keep us here.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

function follow(child: ChildProcess, output: ReturnType<typeof openOutputLines>) {
  const exited = Promise.withResolvers<{ exitCode: number | null; signal: NodeJS.Signals | null }>();
  const closed = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    const lines = output.openStream();
    stream?.on('data', lines.write).on('close', lines.end);
  }
  child.on('error', (error: NodeJS.ErrnoException) => {
    exited.reject(
      new DeployError('UNSUPPORTED', `could not start bash: ${error.code ?? error.message}`, {
        cause: error,
        hint: 'Run the job on a runner that has bash, or write the smoke test as a request.',
      }),
    );
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
    await clock.sleep(LOOK_EVERY_MS);
    if (!trySignalGroup(child, 0)) return;
  }
  trySignalGroup(child, 'SIGKILL');
}

/** False: no process is left in the group. */
function trySignalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  // Windows has no process groups; there only bash itself can be ended.
  if (process.platform === 'win32') return child.exitCode === null && child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
