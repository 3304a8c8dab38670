import type { Io } from '../../io/io.ts';
import { startPace } from '../../io/pace.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Attempt } from './attempt.ts';

export interface Repetition {
  readonly name: string;
  /** Passes in a row that it takes. */
  readonly passes: number;
  /** How long a failure is tried again, from the first attempt on. */
  readonly retryForMs: number;
  /** No attempt starts after it, in milliseconds since 1970. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/**
 * Tries until it passed often enough in a row, or a failure comes too late to be tried again.
 * @throws The signal's reason.
 */
export async function repeatUntilPassed(
  attempt: () => Promise<Attempt>,
  repetition: Repetition,
  io: Io,
): Promise<{ readonly last: Attempt; readonly attempts: number }> {
  const retryUntil = io.clock.now() + repetition.retryForMs;
  const announce = announcerOf(repetition, retryUntil, io);
  let passesInARow = 0;
  let nextPause = startPace();
  for (let attempts = 1; ; attempts++) {
    repetition.signal.throwIfAborted();
    const last = await attempt();
    passesInARow = last.passed ? passesInARow + 1 : 0;
    if (passesInARow >= repetition.passes) return { last: withPasses(last, repetition.passes), attempts };
    const leftMs = retryUntil - io.clock.now();
    if (!last.passed && (last.final || (leftMs <= 0 && !isFirstWithoutAnswer(last, attempts))))
      return { last, attempts };
    if (last.passed) nextPause = startPace();
    const pauseMs = last.passed || leftMs <= 0 ? nextPause() : Math.min(nextPause(), leftMs);
    if (io.clock.now() + pauseMs >= repetition.deadline) return { last: cutOff(last, passesInARow), attempts };
    if (!last.passed) announce(last);
    await io.clock.sleep(pauseMs, repetition.signal);
  }
}

/** One request that got lost on its way says nothing about the revision, and took the time of all tries. */
function isFirstWithoutAnswer({ isUnanswered = false }: Attempt, attempts: number): boolean {
  return isUnanswered && attempts === 1;
}

function announcerOf(repetition: Repetition, retryUntil: number, io: Io): (failure: Attempt) => void {
  let lastReason: string | null = null;
  return ({ reason, detail }) => {
    if (reason === lastReason) return;
    lastReason = reason;
    const leftMs = Math.min(retryUntil, repetition.deadline) - io.clock.now();
    const limit = leftMs > 0 ? ` for up to ${formatDuration(leftMs)}` : '';
    io.log.info(`… ${repetition.name}: ${detail}; trying again${limit}`);
  };
}

function withPasses(last: Attempt, passes: number): Attempt {
  return passes === 1 ? last : { ...last, detail: `${last.detail} (${passes} times in a row)` };
}

function cutOff(last: Attempt, passesInARow: number): Attempt {
  const counted = last.passed ? `passed ${passesInARow} times in a row, then` : `${last.detail};`;
  return { ...last, passed: false, detail: `${counted} the run's time was up` };
}
