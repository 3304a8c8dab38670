import type { Io } from '../../io/io.ts';
import { type RetryPolicy, retryTransient } from '../../io/retry-transient.ts';

const READS: RetryPolicy = { tries: 4, firstDelayMs: 500 };

/** Reads again what failed in a way that may pass, with a patience of seconds. */
export function retryReads<T>(io: Pick<Io, 'clock' | 'signal'>, send: () => Promise<T>): Promise<T> {
  return retryTransient(send, READS, io);
}
