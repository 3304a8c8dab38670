const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
const GROWTH = 1.3;

/** Pauses between one poll and the next, in milliseconds: a second at first, five later. */
export function startPace({ longestMs = LONGEST_PAUSE_MS, growth = GROWTH } = {}): () => number {
  let nextMs = FIRST_PAUSE_MS;
  return () => {
    const pauseMs = nextMs;
    nextMs = Math.min(nextMs * growth, longestMs);
    return pauseMs;
  };
}
