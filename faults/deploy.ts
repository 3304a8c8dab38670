import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Place } from '../simulators/planted-secrets.ts';
import type { RunningStage } from '../simulators/process-pool/process-pool.ts';
import type { StageOptions, StageResult } from '../simulators/runner.ts';
import { filesIn, placeOfRequest } from '../simulators/secret-places.ts';
import { inputsFor, type Stage } from './stage.ts';

export interface DeployOptions {
  /** A reference in the service's own registry. */
  readonly image: string;
  /** As GitHub numbers it; every run has its own. */
  readonly runId?: string;
  readonly onMain?: (main: RunningStage) => void;
  readonly onPost?: (post: RunningStage) => void;
  /** The runner is lost with main, so post never runs. */
  readonly isPostLost?: () => boolean;
  readonly inputs?: Readonly<Record<string, string>>;
}

export interface DeployResult {
  readonly version: string;
  readonly main: StageResult;
  /** null: it never ran. */
  readonly post: StageResult | null;
  /** The outcome that main reported, or post where main could not; null: no one said one. */
  readonly outcome: string | null;
  /** Virtual time. */
  readonly startedAt: number;
  readonly mainMs: number;
  readonly postMs: number;
  /** What the action wrote to the job's temporary folder. */
  readonly files: string;
  readonly requests: readonly Place[];
}

/** One run of the action, as the runner does it: main, then post with what main left. */
export async function deploy(stage: Stage, options: DeployOptions): Promise<DeployResult> {
  const { agent } = stage;
  const { clock } = agent.world;
  const directory = await mkdtemp(path.join(tmpdir(), 'faults-'));
  const inputs = { ...inputsFor(stage, options.image), ...options.inputs };
  const requests = new Map<string, Place>();
  const stop = agent.world.edge.onExchange((exchange) => {
    const place = placeOfRequest(exchange);
    requests.set(`${place.host} ${place.text}`, place);
  });
  const shared: Partial<StageOptions> = {
    directory,
    pool: stage.pool,
    env: { GITHUB_RUN_ID: options.runId ?? '4711' },
  };
  try {
    const startedAt = clock.now();
    const main = await agent.runStage('main', inputs, { ...shared, ...listener(options.onMain) });
    const mainEndedAt = clock.now();
    const isLost = options.isPostLost?.() ?? false;
    const post = isLost
      ? null
      : await agent.runStage('post', inputs, { ...shared, state: main.state, ...listener(options.onPost) });
    return {
      version: options.image.slice(options.image.lastIndexOf(':') + 1),
      main,
      post,
      outcome: main.outputs['outcome'] ?? outcomeIn(post?.summary ?? ''),
      startedAt,
      mainMs: mainEndedAt - startedAt,
      postMs: clock.now() - mainEndedAt,
      files: (await filesIn(path.join(directory, 'temp'))).map(({ text }) => text).join('\n'),
      requests: [...requests.values()],
    };
  } finally {
    stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function listener(onRunning: ((running: RunningStage) => void) | undefined): Partial<StageOptions> {
  return onRunning ? { onRunning } : {};
}

function outcomeIn(summary: string): string | null {
  return /\| Outcome \| `([a-z-]+)` \|/.exec(summary)?.[1] ?? null;
}
