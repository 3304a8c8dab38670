import type { Io } from '../io/io.ts';
import { DeployError } from '../model/errors.ts';
import type { Progress, Rollout } from './rollout.ts';

/** How long a request whose answer never came may still take effect: a time-out of ours ends the wait, not the request. */
const LATE_CALL_MS = 120_000;

/** Sends, and remembers when no answer came. @throws what `send` throws */
export async function noteUnanswered<T>(progress: Progress, { clock }: Pick<Io, 'clock'>, send: () => Promise<T>) {
  try {
    return await send();
  } catch (error) {
    if (error instanceof DeployError && error.code === 'NETWORK') progress.unansweredAt = clock.now();
    throw error;
  }
}

/** How much longer one may still take effect, in milliseconds; 0: none is outstanding, or a later one of ours fenced it. */
export function outstandingMs(unansweredAt: number | null, { workload, io }: Pick<Rollout, 'workload' | 'io'>): number {
  if (unansweredAt === null || workload.fencesLateCalls) return 0;
  return Math.max(0, unansweredAt + LATE_CALL_MS - io.clock.now());
}
