import type { Io } from '../../io/io.ts';
import { isTransient } from '../../model/errors.ts';

const TRIES = 4;
const FIRST_DELAY_MS = 500;

/** Reads again what failed in a way that may pass, with a patience of seconds. */
export async function retryReads<T>(
  { clock, signal }: Pick<Io, 'clock' | 'signal'>,
  send: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await send();
    } catch (error) {
      if (!isTransient(error) || tried === TRIES) throw error;
      await clock.sleep(FIRST_DELAY_MS * 2 ** (tried - 1), signal);
    }
  }
}
