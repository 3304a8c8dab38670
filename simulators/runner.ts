import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFileCommands } from './file-commands.ts';
import type { ProcessPool, RunningStage } from './process-pool/process-pool.ts';
import { testWorker } from './test-worker.ts';
import { noteVerdict, verdictEnvironment } from './verdict-to-exit.ts';

export interface StageOptions {
  /** The file that action.yml names as `main` or `post`. */
  readonly entry: string;
  /** As in `with:`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** As in the job's `env:`. Nothing else gets in from this process, except PATH (and where coverage goes). */
  readonly env: Readonly<Record<string, string>>;
  /** What an earlier stage saved. */
  readonly state?: Readonly<Record<string, string>>;
  /** The checkout, and the child's working directory; absent: an empty folder. */
  readonly workspace?: string;
  /** The job's folder: RUNNER_TEMP and HOME are in it, and stay. Absent: a temporary one, removed at the end. */
  readonly directory?: string;
  readonly onStart?: (child: ChildProcess) => void;
  /** As `onStart`, for a stage in a pooled process too. */
  readonly onRunning?: (stage: RunningStage) => void;
  /** Before the entry: `--enable-source-maps`. */
  readonly nodeArguments?: readonly string[];
  readonly onOutput?: (text: string) => void;
  /** Absent: the one of the jest worker, for stages that can do with it; null: a new process. */
  readonly pool?: ProcessPool | null;
  /** How long output that a left-over process still holds open is waited for, in real time. Default: 5 s, as the runner. */
  readonly openOutputMs?: number;
}

export interface StageResult {
  /** null: ended by `signal`. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** stdout and stderr in the order in which they came. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The state file breaks off: what came before is in `state`, and the runner marks the step as failed. */
  readonly stateBroken: boolean;
  /** Real time. */
  readonly durationMs: number;
}

export interface ActionOptions extends Omit<StageOptions, 'entry' | 'state'> {
  readonly main: string;
  readonly post: string;
  /** As `onStart`, but of main alone: post can then run in a pooled process. */
  readonly onMainStart?: (child: ChildProcess) => void;
  /** Awaited between the two. */
  readonly afterMain?: (main: StageResult) => unknown;
}

export interface ActionResult {
  readonly main: StageResult;
  readonly post: StageResult;
  /** What the page of the run shows: main's, then post's. */
  readonly summary: string;
}

/** Starts main or post as the GitHub runner does, and waits for its end. */
export async function runStage(options: StageOptions): Promise<StageResult> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'job-')));
  const files = await mkdtemp(join(tmpdir(), 'file-commands-'));
  try {
    const env = await makeEnvironment(options, directory, files);
    const startedAt = performance.now();
    const pool = options.pool === undefined ? findPool(options) : options.pool;
    const watched = pool ? {} : verdictEnvironment(options, files);
    const end = pool ? await runPooled(pool, options, env) : await runProcess(options, { ...env, ...watched });
    noteVerdict(watched);
    return { ...end, ...(await readFileCommands(env)), durationMs: performance.now() - startedAt };
  } finally {
    await rm(files, { recursive: true, force: true });
    if (!options.directory) await rm(directory, { recursive: true, force: true });
  }
}

/** Main, then post with main's state, in one job. Post runs whatever became of main: `post-if` is always(). */
export async function runAction({
  main,
  post,
  onMainStart,
  afterMain,
  ...options
}: ActionOptions): Promise<ActionResult> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'job-')));
  try {
    const ofMain = onMainStart ? { onStart: onMainStart } : {};
    const mainResult = await runStage({ ...options, ...ofMain, directory, entry: main });
    await afterMain?.(mainResult);
    const postResult = await runStage({ ...options, directory, entry: post, state: mainResult.state });
    return { main: mainResult, post: postResult, summary: mainResult.summary + postResult.summary };
  } finally {
    if (!options.directory) await rm(directory, { recursive: true, force: true });
  }
}

/** How long the runner waits after each signal of a cancellation before it sends the next. */
const CANCEL_WAITS = { afterSigintMs: 7_500, afterSigtermMs: 2_500 };

/**
 * As the runner cancels a step: SIGINT, SIGTERM, SIGKILL, with its waits in real time, until the child is gone.
 * Only the process itself gets them, none that it started.
 */
export function cancel(child: ChildProcess, waits = CANCEL_WAITS): void {
  const timers = [
    setTimeout(() => child.kill('SIGTERM'), waits.afterSigintMs),
    setTimeout(() => child.kill('SIGKILL'), waits.afterSigintMs + waits.afterSigtermMs),
  ];
  child.once('exit', () => timers.forEach(clearTimeout));
  child.kill('SIGINT');
}

async function makeEnvironment(options: StageOptions, directory: string, files: string) {
  const workspace = options.workspace ?? join(directory, 'workspace');
  const env: Record<string, string> = {
    ...jobEnvironment(directory, workspace),
    ...sourceEnvironment(options.entry),
    ...bundleEnvironment(options),
    ...options.env,
    GITHUB_STATE: join(files, 'save_state'),
    GITHUB_OUTPUT: join(files, 'set_output'),
    GITHUB_STEP_SUMMARY: join(files, 'step_summary'),
    GITHUB_ENV: join(files, 'set_env'),
    GITHUB_PATH: join(files, 'add_path'),
  };
  for (const [name, value] of Object.entries(options.inputs)) {
    env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value;
  }
  for (const [name, value] of Object.entries(options.state ?? {})) env[`STATE_${name}`] = value;
  for (const name of ['GITHUB_STATE', 'GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV', 'GITHUB_PATH']) {
    await writeFile(env[name]!, '');
  }
  for (const name of ['HOME', 'RUNNER_TEMP', 'RUNNER_TOOL_CACHE', 'GITHUB_WORKSPACE']) {
    await mkdir(env[name]!, { recursive: true });
  }
  await writeFile(join(directory, 'event.json'), '{}');
  return env;
}

function jobEnvironment(directory: string, workspace: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: join(directory, 'home'),
    LANG: 'C.UTF-8',
    // Tests read the text. Those of the colours, and the demo, take this back.
    NO_COLOR: '1',
    CI: 'true',
    GITHUB_ACTION: '__acme_deploy-agent',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'octocat',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: join(directory, 'event.json'),
    GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
    GITHUB_JOB: 'deploy',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REF_NAME: 'main',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REPOSITORY: 'acme/agent',
    GITHUB_REPOSITORY_OWNER: 'acme',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: '4711',
    GITHUB_RUN_NUMBER: '1',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: '9fceb02d0ae598e95dc970b74767f19372d61af8',
    GITHUB_TRIGGERING_ACTOR: 'octocat',
    GITHUB_WORKFLOW: 'Deploy',
    GITHUB_WORKFLOW_REF: 'acme/agent/.github/workflows/deploy.yml@refs/heads/main',
    GITHUB_WORKSPACE: workspace,
    RUNNER_ARCH: 'X64',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_NAME: 'GitHub Actions 1',
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: join(directory, 'temp'),
    RUNNER_TOOL_CACHE: join(directory, 'tools'),
  };
}

/**
 * Of what runs from source: its types are erased and its hundreds of modules compiled once for all children, not in each
 * (40% of their CPU time; the coverage came out the same). scripts/test.js asks for coverage; a bundle's lines say nothing.
 */
function sourceEnvironment(entry: string): Record<string, string> {
  if (!entry.endsWith('.ts')) return {};
  const folder = process.env['CHILD_COVERAGE'];
  const cache = { NODE_COMPILE_CACHE: join(tmpdir(), 'deploy-agent-compile-cache') };
  return folder ? { ...cache, NODE_V8_COVERAGE: folder } : cache;
}

/**
 * BUNDLE_COMPILE_CACHE names a folder (scripts/test.js): the bundle is compiled once for all children on virtual time. Not
 * where a test brings arguments of its own: it is about how a process starts.
 */
function bundleEnvironment({ entry, env, nodeArguments }: StageOptions): Record<string, string> {
  const folder = process.env['BUNDLE_COMPILE_CACHE'];
  const isMeant = folder && !entry.endsWith('.ts') && !nodeArguments && env['NODE_OPTIONS']?.includes('preload.mjs');
  return isMeant ? { NODE_COMPILE_CACHE: folder } : {};
}

/**
 * Not: for a stage that gets signals, one about how a process starts or ends, one on real time, a script of a test of the
 * clock. There is one in tests only (scripts/jest-environment.js).
 */
function findPool({ entry, env, onStart, nodeArguments, openOutputMs }: StageOptions): ProcessPool | undefined {
  if (onStart || nodeArguments || openOutputMs !== undefined) return undefined;
  const isMeant =
    entry.endsWith('.ts') && env['SIM_CLOCK_PORT'] !== undefined && env['NODE_USE_ENV_PROXY'] === undefined;
  return isMeant ? testWorker()?.processPool : undefined;
}

async function runPooled(pool: ProcessPool, options: StageOptions, env: Record<string, string>) {
  const { entry, onOutput, onRunning } = options;
  let log = '';
  const end = await pool.run({
    entry,
    env,
    cwd: env['GITHUB_WORKSPACE'] ?? '',
    onOutput(text) {
      log += text;
      onOutput?.(text);
    },
    ...(onRunning ? { onRunning } : {}),
  });
  return { ...end, log };
}

function runProcess(options: StageOptions, env: Record<string, string>) {
  const { promise, resolve, reject } = Promise.withResolvers<Pick<StageResult, 'exitCode' | 'signal' | 'log'>>();
  const child = spawn(process.execPath, [...(options.nodeArguments ?? []), options.entry], {
    cwd: env['GITHUB_WORKSPACE'],
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outputs = [child.stdout, child.stderr];
  let log = '';
  for (const stream of outputs) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log += text;
      options.onOutput?.(text);
    });
  }
  let limit: NodeJS.Timeout | undefined;
  child.on('error', reject);
  child.on('exit', () => {
    limit = setTimeout(() => outputs.forEach((stream) => void stream.destroy()), options.openOutputMs ?? 5_000);
  });
  child.on('close', (exitCode, signal) => {
    clearTimeout(limit);
    resolve({ exitCode, signal, log });
  });
  options.onStart?.(child);
  options.onRunning?.({
    async signal(name) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.kill(name) && name === 'SIGKILL') await ended;
    },
  });
  return promise;
}

/** The runner reads them in a `finally`: also after a SIGKILL. */
async function readFileCommands(env: Record<string, string>) {
  const read = (name: string): Promise<string> => readFile(env[name]!, 'utf8');
  const state = parseFileCommands(await read('GITHUB_STATE'));
  const outputs = parseFileCommands(await read('GITHUB_OUTPUT'));
  const summary = await read('GITHUB_STEP_SUMMARY');
  return { state: state.pairs, stateBroken: state.broken, outputs: outputs.pairs, summary };
}
