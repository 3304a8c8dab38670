import { setTimeout as sleep } from 'node:timers/promises';

/** One direction of one connection: so many bytes a second, and no more. */
export interface Pace {
  /** Resolves when the bytes have had their time. */
  spend(bytes: number): Promise<void>;
}

// What a timer that came late may catch up with.
const SLACK_MS = 20;

export function openPace(bytesPerSecond: number): Pace {
  let paidUntil = 0;
  return {
    async spend(bytes) {
      const now = performance.now();
      paidUntil = Math.max(paidUntil, now - SLACK_MS) + (bytes / bytesPerSecond) * 1000;
      if (paidUntil > now + 1) await sleep(paidUntil - now);
    },
  };
}
