import type { ChildProcess } from 'node:child_process';
import type { JsonObject } from './json.ts';
import {
  type ActionOptions,
  type ActionResult,
  cancel,
  runAction,
  runStage,
  type StageOptions,
  type StageResult,
} from './runner.ts';
import type { World } from './world.ts';

/** The two files that action.yml names, or stand-ins for them. */
export interface Entries {
  readonly main: string;
  readonly post: string;
}

export interface Visits {
  readonly asked: number;
  readonly failed: number;
  stop(): void;
}

/** A world in which a service `agent` runs v1, and an action that deploys to it: the same on every cloud. */
export interface Agent {
  readonly world: World;
  /** Address of the live service; '' where it has no load balancer. */
  readonly url: string;
  /** Main and post with these inputs beside the usual ones. */
  deploy(inputs: Readonly<Record<string, string>>, options?: Partial<ActionOptions>): Promise<ActionResult>;
  /** One of the two alone, with the same inputs. */
  runStage(
    stage: keyof Entries,
    inputs: Readonly<Record<string, string>>,
    options?: Partial<StageOptions>,
  ): Promise<StageResult>;
  /** Everything that a user configures and that serves, without audit fields. */
  snapshot(): JsonObject;
  /**
   * For `onMainStart`: cancels main, as the runner does, at the first multiple of this time on the cloud's clock; post is
   * left alone. `announce` is called right before.
   */
  cancelMain(everyMs: number, announce?: () => void): (child: ChildProcess) => void;
  /** What the live service answers now. */
  ask(path?: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Asks the live service once a virtual second until it is stopped; the counts are live. */
  watch(path?: string): Visits;
  close(): Promise<void>;
}

export interface AgentParts extends Pick<Agent, 'world' | 'url' | 'snapshot'> {
  readonly entries: Entries;
  /** What every deploy gets unless it says otherwise. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What the job has in its environment: the edge, and what the cloud's login action left. */
  readonly env: Readonly<Record<string, string>>;
}

export function openAgent({ world, url, snapshot, entries, inputs, env }: AgentParts): Agent {
  const ask = async (path = '/') => await world.edge.get(`${url}${path}`);
  return {
    world,
    url,
    snapshot,
    ask,
    deploy: (given, rest = {}) =>
      runAction({ ...entries, ...rest, inputs: { ...inputs, ...given }, env: { ...env, ...rest.env } }),
    runStage: (stage, given, rest = {}) =>
      runStage({ ...rest, entry: entries[stage], inputs: { ...inputs, ...given }, env: { ...env, ...rest.env } }),
    cancelMain(everyMs, announce = () => {}) {
      let cancelled = false;
      return (child) => {
        if (cancelled) return;
        const stop = world.clock.every(everyMs, async () => {
          stop();
          cancelled = true;
          announce();
          cancel(child);
        });
      };
    },
    watch(path = '/') {
      const visits = { asked: 0, failed: 0, stop: () => {} };
      visits.stop = world.clock.every(1_000, async () => {
        const { status } = await ask(path);
        visits.asked++;
        if (status >= 400) visits.failed++;
      });
      return visits;
    },
    close: () => world.close(),
  };
}
