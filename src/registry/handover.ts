import { Writable } from 'node:stream';

/** What is written at one end is taken in pieces of another length at the other. */
export interface Handover {
  /** Calls back for a chunk when all of it was released. */
  readonly sink: Writable;
  /** At least one byte, at most so many; one piece at a time. @throws what destroyed the sink, the signal's reason */
  take(most: number, signal: AbortSignal): Promise<Piece>;
}

export interface Piece {
  readonly bytes: Buffer;
  /** The bytes are not read any more. */
  release(): void;
}

export function openHandover(): Handover {
  let rest: Buffer = Buffer.alloc(0);
  let done: () => void = () => {};
  let wake: () => void = () => {};
  const sink = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      [rest, done] = [chunk, callback];
      wake();
    },
  });
  sink.once('close', () => wake());
  // Whoever takes is told what it was; an error that no one listens to ends the process.
  sink.on('error', () => {});
  const offered = async (signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = () => resolve();
    const aborted = wake;
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    await promise;
    signal.removeEventListener('abort', aborted);
    signal.throwIfAborted();
  };
  return {
    sink,
    async take(most, signal) {
      while (rest.length === 0) {
        if (sink.destroyed) throw sink.errored ?? new Error('the upload has ended');
        await offered(signal);
      }
      const bytes = rest.subarray(0, most);
      rest = rest.subarray(bytes.length);
      return { bytes, release: () => void (rest.length > 0 || done()) };
    },
  };
}
