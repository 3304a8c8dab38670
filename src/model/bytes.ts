/** For people: `512 B`, `1.5 kB`, `20.0 MB`. */
export function formatBytes(bytes: number): string {
  const steps = ['B', 'kB', 'MB', 'GB'];
  const step = Math.min(steps.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${steps[step]}`;
}

/** For people: `61.2 MB/s`. */
export function formatRate(bytes: number, durationMs: number): string {
  return `${formatBytes(bytes / (Math.max(1, durationMs) / 1_000))}/s`;
}
