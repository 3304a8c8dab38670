import { formatDuration } from '../model/duration.ts';
import { type RestorationAnswer, returning } from './restoration-answers.ts';

const LATE_CALL_MS = 10_000;

/**
 * May a call that has left no trace still take effect? One whose sender was killed, or whose answer was lost, can do so
 * seconds later, so a restoration polls for ten seconds before it says that there was nothing to restore. What takes
 * effect later than that is not found. `elapsedMs`: since the restoration's first poll.
 */
export function mayStillArrive(elapsedMs: number): boolean {
  return elapsedMs < LATE_CALL_MS;
}

/** A restoration ends, and lets other runs begin, when none of its own requests can come any more. */
export function waitingForLateCall(leftMs: number): RestorationAnswer {
  const left = formatDuration(leftMs);
  return returning('LATE_CALL', `for ${left} a request that got no answer may still take effect`);
}
