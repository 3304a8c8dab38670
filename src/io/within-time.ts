import { formatDuration } from '../model/duration.ts';
import { DeployError } from '../model/errors.ts';
import type { CancellableIo } from './io.ts';

/** Ends what takes longer. @throws DeployError TIMEOUT; the signal's reason; what `body` throws */
export async function withinTime<T>(
  ms: number,
  { io, signal }: CancellableIo,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const expiry = io.clock.sleep(ms, AbortSignal.any([done.signal, signal])).then(() => {
    const message = `could not wait longer: there was no answer within ${formatDuration(ms)}`;
    over.abort(new DeployError('TIMEOUT', message, { hint: 'The deployment goes on without it.' }));
    throw over.signal.reason;
  });
  try {
    return await Promise.race([expiry, body(both)]);
  } finally {
    done.abort();
    expiry.catch(() => undefined);
  }
}
