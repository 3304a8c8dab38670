/** Longer than any run: whoever reads it may add it to a time. */
const LONGEST_WAIT_MS = 1_000_000_000_000;

/**
 * What a Retry-After header asks for, in milliseconds from `now` on: RFC 9110 10.2.3. null: it names no time to come, as a date
 * that has passed where the two clocks differ.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const isDate = /^[a-z]{3}/i.test(header.trim());
  const waitMs = isDate ? Date.parse(header) - now : Number(header) * 1000;
  return Number.isFinite(waitMs) && waitMs > 0 ? Math.min(waitMs, LONGEST_WAIT_MS) : null;
}
