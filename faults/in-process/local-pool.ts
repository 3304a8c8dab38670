import { startTime } from '../../simulators/clock/child-dates.mjs';
import { seedRandom } from '../../simulators/clock/child-random.mjs';
import type { PooledStage, ProcessPool, StageEnd } from '../../simulators/process-pool/process-pool.ts';
import { LocalClients } from './clients.ts';
import { patchProcess } from './patches.ts';
import { contexts, type RunContext } from './run-context.ts';
import { findWorld } from './worlds.ts';

const clients = new Map<number, LocalClients>();

/** Before anything of src/ is loaded. Returns what runs steps of the action in this process, and who lives on a clock's time. */
export function openLocalPool() {
  patchProcess((port) => clients.get(port)!);
  const pool: ProcessPool = { run, close: () => {} };
  return {
    pool,
    openClients: (_now: () => number, onChange: () => void): LocalClients => {
      const opened = new LocalClients(onChange);
      clients.set(opened.id, opened);
      return opened;
    },
  };
}

async function run({ entry, env, onOutput, onRunning }: PooledStage): Promise<StageEnd> {
  const { SIM_CLOCK_PORT, NODE_OPTIONS: _, ...rest } = env;
  const world = findWorld(Number(SIM_CLOCK_PORT));
  const mine = clients.get(Number(SIM_CLOCK_PORT))!;
  const context: RunContext = {
    world,
    env: rest,
    write: onOutput,
    listeners: new Map(),
    requests: new Set(),
    summary: { _buffer: '' },
  };
  const { promise, resolve } = Promise.withResolvers<StageEnd>();
  let isOver = false;
  const end = (how: StageEnd): void => {
    if (isOver) return;
    isOver = true;
    mine.end(context);
    resolve(how);
  };
  if (mine.count === 0) {
    startTime(world.clock.now());
    seedRandom();
  }
  mine.start(context);
  onRunning?.({
    async signal(name) {
      if (isOver) return;
      if (name !== 'SIGKILL') {
        for (const listener of context.listeners.get(name) ?? []) contexts.run(context, listener, name);
        return;
      }
      for (const request of [...context.requests]) request.abandon();
      end({ exitCode: null, signal: 'SIGKILL' });
    },
  });
  contexts.run(context, () => {
    // After the caller has its handle, as a process starts later.
    setImmediate(() => {
      void runStep(entry).then(
        (exitCode) => end({ exitCode, signal: null }),
        (error: unknown) => {
          onOutput(`${error instanceof Error ? error.stack : String(error)}\n`);
          end({ exitCode: 1, signal: null });
        },
      );
    });
  });
  return await promise;
}

/** As src/index.ts does it, without the one exit code of this process. */
async function runStep(entry: string): Promise<number> {
  const { abortedBySignal, ignoreSignals } = await import('../../src/io/signals.ts');
  const { checkState, claimState, wasReported } = await import('../../src/io/own-state.ts');
  const { deployAction, finishAction } = await import('../../src/action.ts');
  await shareSummary();
  if (entry.endsWith('main.ts')) {
    const signal = abortedBySignal();
    claimState(process.env);
    return (await deployAction(signal)) ? 0 : 1;
  }
  const crashes = ignoreSignals();
  checkState(process.env);
  if (wasReported(process.env)) return 0;
  return (await finishAction(crashes)) ? 0 : 1;
}

let isShared = false;

/** @actions/core has one summary for a process: its text and its file are the step's here. */
async function shareSummary(): Promise<void> {
  if (isShared) return;
  isShared = true;
  const { summary } = await import('@actions/core');
  Object.defineProperties(summary, {
    _buffer: {
      get: () => contexts.getStore()?.summary._buffer ?? '',
      set: (text: string) => {
        const context = contexts.getStore();
        if (context) context.summary._buffer = text;
      },
    },
    _filePath: { get: () => contexts.getStore()?.env['GITHUB_STEP_SUMMARY'], set: () => {} },
  });
}
