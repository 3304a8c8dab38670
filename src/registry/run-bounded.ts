export interface Bounds<T> {
  /** What may be under way at once, in the same unit as `weigh`. */
  readonly capacity: number;
  /** Default: 1 each. */
  readonly weigh?: (item: T) => number;
}

/**
 * Works on all items, in their order. One that is heavier than the capacity runs alone. After the first failure nothing
 * new begins, what runs is told by the signal, and that failure is thrown once all have ended.
 */
export async function runBounded<T, R>(
  items: readonly T[],
  { capacity, weigh = () => 1 }: Bounds<T>,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;
  let load = 0;
  const start = async (item: T, index: number, weight: number): Promise<void> => {
    load += weight;
    try {
      results[index] = await work(item, stop.signal);
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
    }
    load -= weight;
  };
  for (const [index, item] of items.entries()) {
    const weight = weigh(item);
    while (load > 0 && load + weight > capacity) await Promise.race(running);
    if (failure !== null) break;
    const task: Promise<void> = start(item, index, weight).finally(() => running.delete(task));
    running.add(task);
  }
  await Promise.all(running);
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  return results;
}
