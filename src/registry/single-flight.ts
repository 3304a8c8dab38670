/** Concurrent callers with one key share one promise. A failure is not kept. */
export function singleFlight<T>(cache: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const held = cache.get(key);
  if (held) return held;
  const pending = ask();
  cache.set(key, pending);
  pending.catch(() => {
    if (cache.get(key) === pending) cache.delete(key);
  });
  return pending;
}
