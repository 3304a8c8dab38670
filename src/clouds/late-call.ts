const LATE_CALL_MS = 10_000;

/**
 * May a call that has left no trace still take effect? One whose sender was killed, or whose answer was lost, can do so
 * seconds later, so a restoration looks for ten seconds before it says that nothing had to be put back. What takes
 * effect later than that is not seen. `elapsedMs`: since the restoration's first look.
 */
export function mayStillArrive(elapsedMs: number): boolean {
  return elapsedMs < LATE_CALL_MS;
}
