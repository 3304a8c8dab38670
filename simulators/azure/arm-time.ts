/** Milliseconds since 1970 -> as ARM writes times. */
export function toTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
