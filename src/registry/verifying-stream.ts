import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { DeployError } from '../model/errors.ts';
import type { Descriptor } from './manifest.ts';

const BUFFER_BYTES = 256 * 1024;

/**
 * Passes a blob on and fails unless it has the size and the hash that its descriptor promises. The last chunk is held
 * back until that is known: the receiver, who was told the length, never gets the whole of a wrong blob.
 *
 * @param options.what completes "could not …"; `stallMs`: longest silence of the source while there is room for more.
 */
export function openVerifyingStream(
  source: Readable,
  blob: Descriptor,
  options: { readonly what: string; readonly stallMs: number },
): Transform {
  const hash = createHash('sha256');
  let size = 0;
  let held: Buffer | null = null;
  const stream = new Transform({
    highWaterMark: BUFFER_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > blob.size) return done(invalid(options.what, `it is longer than ${blob.size} bytes`));
      hash.update(chunk);
      const ready = held;
      held = chunk;
      done(null, ready);
    },
    flush(done) {
      if (size < blob.size) return done(broken(options.what, `it ended after ${size} of ${blob.size} bytes`));
      const digest = `sha256:${hash.digest('hex')}`;
      if (digest !== blob.digest) return done(invalid(options.what, `its content has the digest ${digest}`));
      done(null, held);
    },
  });
  // Who reads it listens too; until then an error has to land somewhere.
  stream.on('error', () => undefined);
  source.on('error', (error) => stream.destroy(broken(options.what, error.message, error)));
  source.on('close', () => {
    if (!source.readableEnded) stream.destroy(broken(options.what, 'the connection was closed'));
  });
  stream.on('close', () => source.destroy());
  watchForStall(source, stream, options);
  return source.pipe(stream);
}

function watchForStall(
  source: Readable,
  stream: Transform,
  options: { readonly what: string; readonly stallMs: number },
): void {
  const expire = (): void => {
    // A slow receiver is not the source's silence; the request that sends has its own time-out.
    if (stream.writableNeedDrain) restart();
    else stream.destroy(broken(options.what, `no data for ${options.stallMs} ms`));
  };
  let timer = setTimeout(expire, options.stallMs);
  const restart = (): void => {
    clearTimeout(timer);
    timer = setTimeout(expire, options.stallMs);
  };
  source.on('data', restart);
  const stop = (): void => clearTimeout(timer);
  source.on('end', stop);
  stream.on('close', () => {
    source.off('data', restart);
    stop();
  });
}

function invalid(what: string, why: string): DeployError {
  return new DeployError('IMAGE_INVALID', `could not ${what}: ${why}`, {
    hint: 'The source registry serves a damaged image: build and push it again.',
  });
}

function broken(what: string, why: string, cause?: unknown): DeployError {
  return new DeployError('NETWORK', `could not ${what}: ${why}`, { cause });
}
