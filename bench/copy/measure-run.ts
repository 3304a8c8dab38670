import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface RunFigures {
  /** null: it was killed, having taken too long. */
  readonly exitCode: number | null;
  readonly wallMs: number;
  /** Of the process and those that it started; null where GNU time is not installed. */
  readonly cpuMs: number | null;
  readonly peakBytes: number | null;
  readonly output: string;
}

const GNU_TIME = '/usr/bin/time';

/** Runs a program in an empty home, as a fresh runner has it. */
export async function measureRun(
  command: readonly string[],
  { env, timeoutMs }: { readonly env: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<RunFigures> {
  const home = await mkdtemp(path.join(tmpdir(), 'bench-home-'));
  const figures = path.join(home, 'figures');
  try {
    const all = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_RUNTIME_DIR: home, ...env };
    const startedAt = performance.now();
    const { exitCode, output } = await run(
      [GNU_TIME, '-q', '-o', figures, '-f', '%U %S %M', ...command],
      all,
      timeoutMs,
    );
    const wallMs = performance.now() - startedAt;
    const numbers = (await readFile(figures, 'utf8').catch(() => '')).trim().split(' ').map(Number);
    const [user = 0, system = 0, peakKb = 0] = numbers;
    const isKnown = exitCode !== null && numbers.length === 3;
    return {
      exitCode,
      wallMs,
      cpuMs: isKnown ? (user + system) * 1000 : null,
      peakBytes: isKnown ? peakKb * 1024 : null,
      output,
    };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function run(command: readonly string[], env: Record<string, string>, timeoutMs: number) {
  const { promise, resolve, reject } = Promise.withResolvers<{ exitCode: number | null; output: string }>();
  const [file = '', ...args] = command;
  // A separate process group, so that a time-out also ends what time(1) has started.
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), timeoutMs);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  child.on('error', reject);
  child.on('close', (exitCode) => {
    clearTimeout(timer);
    resolve({ exitCode, output });
  });
  return promise;
}
