const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const WHOLE = /^(?:\d{1,9}(?:ms|s|m|h))+$/;
const PART = /(\d{1,9})(ms|s|m|h)/g;

/** `500ms`, `90s`, `15m`, `1h30m` -> milliseconds; null: not a duration. */
export function parseDuration(text: string): number | null {
  if (!WHOLE.test(text)) return null;
  return [...text.matchAll(PART)].reduce((total, [, count, unit]) => total + Number(count) * UNITS_MS[unit!]!, 0);
}

/** What a duration in other words was probably meant to be: `15 minutes`, `15min`, `900`. null: nothing near. */
export function nearestDuration(text: string): string | null {
  const [, count, word = ''] = /^(\d{1,9})\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const unit = { '': 's', s: 's', m: 'm', h: 'h' }[word.slice(0, 1).toLowerCase()];
  const isUnit = /^(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)?$/i.test(word);
  return count !== undefined && unit !== undefined && isUnit ? `${Number(count)}${unit}` : null;
}

/** For people: `420 ms`, `1.5s`, `20s`, `1m 30s`, `1h 5m`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${Number((ms / 1_000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60];
  if (hours > 0) return minutes > 0 ? `${hours}h ${minutes}m` : `${hours}h`;
  return rest > 0 ? `${minutes}m ${rest}s` : `${minutes}m`;
}
