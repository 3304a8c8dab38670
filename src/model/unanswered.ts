import { DeployError } from './errors.ts';

/** How long a request whose answer never came may still take effect: a time-out of ours ends the wait, not the request. */
const UNANSWERED_MS = 120_000;

/** When a request of this process last got no answer, in milliseconds since 1970; null: never. */
export interface Unanswered {
  at: number | null;
}

/** Sends, and remembers when no answer came. @throws what `send` throws */
export async function noteUnanswered<T>(
  unanswered: Unanswered,
  clock: { now(): number },
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof DeployError && error.code === 'NETWORK') unanswered.at = clock.now();
    throw error;
  }
}

/** How much longer it may take effect, in milliseconds; 0: none is outstanding. */
export function outstandingMs({ at }: Unanswered, clock: { now(): number }): number {
  return at === null ? 0 : Math.max(0, at + UNANSWERED_MS - clock.now());
}
