import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../io/clock.ts';
import { freeBuffer } from '../io/free-buffer.ts';
import { type RetryPolicy, retryTransient } from '../io/retry-transient.ts';
import { DeployError } from '../model/errors.ts';
import { type BlobCheck, openBlobCheck } from './blob-check.ts';
import type { Descriptor } from './manifest.ts';
import { REGISTRY_RETRIES } from './registry-retries.ts';

/** A blob's bytes from `start` on. Whoever reads them may free them. */
export interface BlobPart {
  readonly start: number;
  readonly body: Readable;
}

export interface BlobSource {
  readonly blob: Descriptor;
  /** False: only its size is checked. */
  readonly isHashed: boolean;
  /** Completes "could not …". */
  readonly what: string;
  /** From `offset` on, or from the start where the source knows no parts. */
  readonly open: (offset: number, signal: AbortSignal) => Promise<BlobPart>;
  /** The source is given up when it is silent for one to two times this long while there is room for more. */
  readonly stallMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Flow {
  readonly sink: Writable;
  readonly signal: AbortSignal;
  readonly stallMs: number;
  /** What of the chunk is to be written. */
  readonly take: (chunk: Buffer) => Buffer;
}

/** Tries without progress. */
const RETRIES: RetryPolicy = { ...REGISTRY_RETRIES, tries: 4, firstDelayMs: 100 };
const PROGRESS_BYTES = 1024 * 1024;

/**
 * Writes the blob into `sink` as fast as that takes it; ending `sink` is left to the caller. A connection to the source
 * that breaks is opened again where it broke, while the sink stays open. What was written is freed: the sink calls back for a
 * chunk when it doesn't read it any more, as a socket does and a Transform does not.
 * @throws DeployError IMAGE_INVALID when the content is not what the descriptor promises, before all of it is written;
 *   NETWORK
 */
export async function pumpBlob(source: BlobSource, sink: Writable, onChunk: () => void): Promise<void> {
  const check = openBlobCheck(source);
  const gone = new AbortController();
  const leave = (): void => gone.abort(new Error('the upload has ended'));
  sink.once('close', leave);
  if (sink.destroyed) leave();
  const signal = AbortSignal.any([source.signal, gone.signal]);
  const toSink = { sink, signal, stallMs: source.stallMs };
  try {
    const policy = { ...RETRIES, hasProgressed: progressOf(check) };
    await retryTransient(() => pumpPart(source, check, { ...toSink, onChunk }), policy, {
      clock: source.clock,
      signal,
    });
    sink.write(check.finish());
  } finally {
    sink.off('close', leave);
  }
}

function progressOf(check: BlobCheck): () => boolean {
  let bytes = 0;
  return () => {
    if (check.bytes() < bytes + PROGRESS_BYTES) return false;
    bytes = check.bytes();
    return true;
  };
}

async function pumpPart(
  source: BlobSource,
  check: BlobCheck,
  to: Omit<Flow, 'take'> & { readonly onChunk: () => void },
): Promise<void> {
  check.noteResume();
  const { start, body } = await source.open(check.bytes(), to.signal);
  let known = check.bytes() - start;
  if (known < 0) {
    body.destroy();
    throw broken(source, check, new Error(`the source went on at byte ${start}`));
  }
  const take = (chunk: Buffer): Buffer => {
    to.onChunk();
    const fresh = chunk.subarray(known);
    known = Math.max(0, known - chunk.length);
    return fresh.length > 0 ? check.accept(fresh) : fresh;
  };
  try {
    await flow(body, { ...to, take });
  } catch (error) {
    if (error instanceof DeployError || to.signal.aborted) throw error;
    if (!check.isWhole()) throw broken(source, check, error as Error);
  }
  if (!check.isWhole()) throw broken(source, check, new Error('it ended'));
}

/** Not `pipe`: what is read is counted and hashed on the way, and the sink outlives the body. */
async function flow(body: Readable, { sink, signal, stallMs, take }: Flow): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let isSilent = true;
  const watch = setInterval(() => {
    // A slow receiver is not the source's silence; the request that sends has its own time-out.
    if (isSilent && !body.isPaused()) reject(new Error(`no data for ${stallMs} ms`));
    isSilent = true;
  }, stallMs);
  const resume = (): void => void body.resume();
  const abort = (): void => reject(signal.reason);
  sink.on('drain', resume);
  signal.addEventListener('abort', abort, { once: true });
  body.on('end', resolve);
  body.on('error', reject);
  body.on('close', () => reject(new Error('the connection was closed')));
  body.on('data', (chunk: Buffer) => {
    isSilent = false;
    try {
      const fresh = take(chunk);
      const done = (error?: Error | null): void => void (error || freeBuffer(fresh));
      if (fresh.length > 0 && !sink.write(fresh, done)) body.pause();
    } catch (error) {
      reject(error);
    }
  });
  if (body.destroyed) reject(new Error('the connection was closed'));
  if (signal.aborted) abort();
  try {
    await promise;
  } finally {
    clearInterval(watch);
    sink.off('drain', resume);
    signal.removeEventListener('abort', abort);
    body.destroy();
  }
}

function broken({ what, blob }: BlobSource, check: BlobCheck, cause: Error): DeployError {
  const message = `could not ${what}: ${cause.message} after ${check.bytes()} of ${blob.size} bytes`;
  return new DeployError('NETWORK', message, {
    cause,
    hint: 'Run again: blobs that are already present are not sent again.',
  });
}
