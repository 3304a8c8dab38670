import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export interface PooledStage {
  /** The file that action.yml names as `main` or `post`, or a stand-in for it. */
  readonly entry: string;
  /** The whole environment of the stage. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly onOutput: (text: string) => void;
  readonly onRunning?: (stage: RunningStage) => void;
}

export interface RunningStage {
  /** Of SIGKILL it resolves when the stage has ended. In a pooled process that ends the stage, not the process. */
  signal(name: NodeJS.Signals): Promise<void>;
}

export interface StageEnd {
  /** null: ended by `signal`. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Processes that run one stage after another; each runs one at a time. */
export interface ProcessPool {
  run(stage: PooledStage): Promise<StageEnd>;
  /** They end. */
  close(): void;
}

interface PooledProcess {
  readonly child: ChildProcess;
  /** Of the stage that it runs; null: it has none. */
  stage: { readonly onOutput: (text: string) => void; readonly end: (end: StageEnd) => void } | null;
}

const program = join(import.meta.dirname, 'pooled-process.mjs');
/** Of the process itself. The stages' own are set before each. */
const LASTING = ['PATH', 'NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE'];

export function openProcessPool(): ProcessPool {
  const free: PooledProcess[] = [];
  const all = new Set<ChildProcess>();
  let failure: Error | null = null;

  /** @throws Error when a process ended although it had nothing to do: some stage had left something behind. */
  async function run({ entry, env, cwd, onOutput, onRunning }: PooledStage): Promise<StageEnd> {
    if (failure) throw failure;
    const pooled = free.pop() ?? open(env);
    const { promise, resolve } = Promise.withResolvers<StageEnd>();
    pooled.stage = { onOutput, end: resolve };
    hold(pooled.child, true);
    pooled.child.send({ entry, env, cwd });
    const { stage } = pooled;
    onRunning?.({
      async signal(name) {
        // The process may run another stage by now.
        if (pooled.stage !== stage) return;
        if (name !== 'SIGKILL') return void pooled.child.kill(name);
        pooled.child.send('abandon');
        await promise;
      },
    });
    return await promise;
  }

  function open(env: Readonly<Record<string, string>>): PooledProcess {
    const lasting = Object.fromEntries(LASTING.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
    const child = spawn(process.execPath, [program], { env: lasting, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const pooled: PooledProcess = { child, stage: null };
    all.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => pooled.stage?.onOutput(text));
    }
    child.on('message', (end: StageEnd) => void afterOutput(() => release(pooled, end)));
    child.on('close', (exitCode, signal) => bury(pooled, { exitCode, signal }));
    return pooled;
  }

  function release(pooled: PooledProcess, end: StageEnd): void {
    const { stage } = pooled;
    pooled.stage = null;
    hold(pooled.child, false);
    free.push(pooled);
    stage?.end(end);
  }

  function bury(pooled: PooledProcess, end: StageEnd): void {
    const at = free.indexOf(pooled);
    all.delete(pooled.child);
    if (at >= 0) {
      free.splice(at, 1);
      failure = new Error(`a pooled process ended between two stages: ${end.signal ?? `exit code ${end.exitCode}`}`);
    }
    pooled.stage?.end(end);
  }

  function close(): void {
    free.length = 0;
    for (const child of all) child.disconnect();
  }

  return { run, close };
}

/** A process without a stage must not keep the test run alive. */
function hold(child: ChildProcess, isHeld: boolean): void {
  const verb = isHeld ? 'ref' : 'unref';
  const streams = [child.stdout, child.stderr, child.channel] as unknown as { ref(): void; unref(): void }[];
  for (const handle of [child, ...streams]) handle[verb]();
}

/** A process writes its output before it sends a message: after two turns all of it has been read. */
async function afterOutput(then: () => void): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  then();
}
