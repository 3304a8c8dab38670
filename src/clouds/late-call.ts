const LATE_CALL_MS = 10_000;

/**
 * May a call that has left no trace still take effect? One whose sender was killed, or whose answer was lost, can do so
 * seconds later, so a restoration polls for ten seconds before it says that there was nothing to restore. A call that takes
 * effect later than that is not found. `elapsedMs`: since the restoration's first poll.
 */
export function mayStillArrive(elapsedMs: number): boolean {
  return elapsedMs < LATE_CALL_MS;
}
