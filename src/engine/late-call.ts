import { formatDuration } from '../model/duration.ts';
import { outstandingMs, type Unanswered } from '../model/unanswered.ts';
import type { Progress, Rollout } from './rollout.ts';

/** Before the last request of a rollout: an earlier one that got no answer must not arrive after it. @throws the signal's reason */
export async function outlastLateCalls({ unanswered }: Progress, rollout: Rollout): Promise<void> {
  const { io, signal } = rollout;
  const leftMs = lateMs(unanswered, rollout);
  if (leftMs === 0) return;
  io.log.info(`a request got no answer and may still take effect: waiting ${formatDuration(leftMs)} before the end`);
  await io.clock.sleep(leftMs, signal);
}

/** How much longer one may still take effect, in milliseconds; 0: none is outstanding, or a later one of ours fenced it. */
export function lateMs(unanswered: Unanswered, { workload, io }: Pick<Rollout, 'workload' | 'io'>): number {
  return workload.fencesLateCalls ? 0 : outstandingMs(unanswered, io.clock);
}
