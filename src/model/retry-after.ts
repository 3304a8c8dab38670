/** Longer than any run: whoever reads it may add it to a time. */
const LONGEST_WAIT_MS = 1_000_000_000_000;

/**
 * What a Retry-After header asks for, in milliseconds from `now` on: RFC 9110 10.2.3. `date`: the answer's Date header, as the two
 * clocks may differ. null: it names no time to come.
 */
export function parseRetryAfter(header: string | undefined, now: number, date = ''): number | null {
  if (header === undefined) return null;
  const isDate = /^[a-z]{3}/i.test(header.trim());
  const waitMs = isDate ? Date.parse(header) - (Date.parse(date) || now) : Number(header) * 1000;
  return Number.isFinite(waitMs) && waitMs > 0 ? Math.min(waitMs, LONGEST_WAIT_MS) : null;
}
