import path from 'node:path';
import type { Agent, Entries } from '../../simulators/agent.ts';

const dist = path.resolve(import.meta.dirname, '../../dist');

/** What users run. */
export const entries: Entries = { main: path.join(dist, 'main.js'), post: path.join(dist, 'post.js') };

/** A rollout of some length. */
export interface Rollout {
  readonly title: string;
  /** Its one part that differs in length from run to run, in milliseconds: most of it. */
  readonly partMs: number;
  /** By at most this. */
  readonly jitterMs: number;
  /** The platform tells how long the last one took. */
  readonly isRemembered: boolean;
  stage(part: Part): Promise<Staged>;
}

export interface Part {
  readonly ms: number;
  /** In the rollout before, half a day ago. null: the platform remembers none that is like it. */
  readonly beforeMs: number | null;
}

/** A service that is about to be deployed to. */
export interface Staged {
  readonly agent: Agent;
  /** The call that makes the change live. */
  readonly update: string;
  /** In virtual time, by the platform's own books: when it began with our change, and when it was done. */
  times(): { readonly startedAt: number; readonly doneAt: number };
}

export const HALF_A_DAY_MS = 12 * 3_600_000;
const LOOKS_EVERY_MS = 100;

/** `times` for a platform that keeps no books: it is looked at ten times a virtual second. */
export function watchTimes(agent: Agent, isBusy: () => boolean): Staged['times'] {
  let [startedAt, doneAt]: [number | null, number | null] = [null, null];
  agent.world.clock.every(LOOKS_EVERY_MS, async (now) => {
    if (!isBusy()) {
      if (startedAt !== null) doneAt ??= now;
      return;
    }
    startedAt ??= now;
    doneAt = null;
  });
  return () => {
    if (startedAt === null || doneAt === null) throw new Error('the platform did nothing, or is not done');
    return { startedAt, doneAt };
  };
}
