import { createHash } from 'node:crypto';
import { DeployError } from '../model/errors.ts';
import { algorithmOf, type Descriptor } from './manifest.ts';

/** A blob in transfer: counted, and hashed unless its receiver does that. */
export interface BlobCheck {
  /** How much has come. */
  bytes(): number;
  isWhole(): boolean;
  /**
   * What may be passed on of the next chunk: all of it, and nothing of the one that completes the blob.
   * @throws DeployError IMAGE_INVALID when it is longer than its descriptor says
   */
  accept(chunk: Buffer): Buffer;
  /**
   * The chunk that was held back, so that no registry gets the whole of a wrong blob.
   * @throws DeployError IMAGE_INVALID when the hash is another; NETWORK when a new transfer may fix that
   */
  finish(): Buffer;
  /** What came after this may not fit what came before. */
  noteResume(): void;
}

const NOTHING = Buffer.alloc(0);

interface Checked {
  readonly blob: Descriptor;
  readonly isHashed: boolean;
  /** Completes "could not …". */
  readonly what: string;
}

export function openBlobCheck({ blob, isHashed, what }: Checked): BlobCheck {
  const algorithm = algorithmOf(blob.digest);
  const hash = isHashed ? createHash(algorithm) : null;
  let bytes = 0;
  let last: Buffer = NOTHING;
  let isPatched = false;
  return {
    bytes: () => bytes,
    isWhole: () => bytes === blob.size,
    accept(chunk) {
      bytes += chunk.length;
      if (bytes > blob.size) throw invalid(what, `it is longer than ${blob.size} bytes`);
      hash?.update(chunk);
      if (bytes < blob.size) return chunk;
      last = chunk;
      return NOTHING;
    },
    finish() {
      if (hash === null) return last;
      const digest = `${algorithm}:${hash.digest('hex')}`;
      if (digest === blob.digest) return last;
      const why = `its content has the digest ${digest}`;
      throw isPatched
        ? new DeployError('NETWORK', `could not ${what}: ${why}`, { hint: 'Run again.' })
        : invalid(what, why);
    },
    noteResume() {
      isPatched ||= bytes > 0;
    },
  };
}

function invalid(what: string, why: string): DeployError {
  return new DeployError('IMAGE_INVALID', `could not ${what}: ${why}`, {
    hint: 'The source registry serves a damaged image: build and push it again.',
  });
}
