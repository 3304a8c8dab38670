import { once } from 'node:events';
import { PassThrough, type Writable } from 'node:stream';
import type { BodyWriter } from '../io/http.ts';
import { type OpenUpload, readToEnd } from './blob-transfer.ts';
import type { RegistryClient } from './client.ts';
import type { Descriptor } from './manifest.ts';
import { formatRepository, pushScopes, type Repository } from './repository.ts';
import { parseUploadLocation, withDigest } from './upload-location.ts';

interface ChunkedUpload {
  readonly blob: Descriptor;
  readonly upload: OpenUpload;
  /** Of each request; more where the registry takes no less. */
  readonly chunkBytes: number;
  readonly body: BodyWriter;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 60_000;
const COMMIT_TIMEOUT_MS = 300_000;
const OCTETS = { 'content-type': 'application/octet-stream' };

/** What `body` writes, in several requests one after another, of which no one is held in memory. */
export async function sendChunks(client: RegistryClient, at: Repository, chunked: ChunkedUpload): Promise<void> {
  const { blob, upload, body, signal } = chunked;
  const chunkBytes = Math.max(chunked.chunkBytes, upload.minChunkBytes);
  const through = new PassThrough();
  const written = body(through, () => {}).then(
    () => void through.end(),
    (error: Error) => void through.destroy(error),
  );
  let { location } = upload;
  try {
    for (let start = 0; start < blob.size; start += chunkBytes) {
      const length = Math.min(chunkBytes, blob.size - start);
      location = await sendChunk(client, at, { blob, signal, through, location, start, length });
    }
    const call = { ...callFor(blob, at), method: 'PUT', target: withDigest(location, blob.digest) } as const;
    const headers = { ...OCTETS, 'content-length': '0' };
    await client.call({ ...call, headers, expect: [201, 204], timeoutMs: COMMIT_TIMEOUT_MS, signal }, readToEnd);
  } finally {
    through.destroy();
    await written;
  }
}

interface Chunk {
  readonly blob: Descriptor;
  readonly signal: AbortSignal;
  readonly through: PassThrough;
  readonly location: URL;
  readonly start: number;
  readonly length: number;
}

/** Where the upload goes on. */
async function sendChunk(client: RegistryClient, at: Repository, chunk: Chunk): Promise<URL> {
  const { blob, signal, through, location, start, length } = chunk;
  return await client.call(
    {
      ...callFor(blob, at),
      method: 'PATCH',
      target: location,
      headers: {
        ...OCTETS,
        'content-length': String(length),
        'content-range': `${start}-${start + length - 1}`,
      },
      body: (outgoing, onChunk) => forward(through, outgoing, { length, onChunk, signal }),
      // Some answer with 201 (regclient/regclient#82).
      expect: [201, 202, 204],
      timeoutMs: TIMEOUT_MS,
      signal,
    },
    async (response, url) => {
      await readToEnd(response);
      const next = response.headers.location;
      return next === undefined ? location : parseUploadLocation(next, url, at);
    },
  );
}

function callFor(blob: Descriptor, at: Repository) {
  return {
    what: `push blob ${blob.digest} to ${formatRepository(at)}`,
    registry: at.registry,
    scopes: pushScopes(at),
  };
}

async function forward(
  through: PassThrough,
  outgoing: Writable,
  { length, onChunk, signal }: { readonly length: number; readonly onChunk: () => void; readonly signal: AbortSignal },
): Promise<void> {
  for (let left = length; left > 0; ) {
    const bytes = await take(through, left, signal);
    left -= bytes.length;
    onChunk();
    if (!outgoing.write(bytes)) await once(outgoing, 'drain', { signal });
  }
}

/** At least one byte, at most so many. @throws what destroyed the stream */
async function take(through: PassThrough, most: number, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    if (through.destroyed) throw through.errored ?? new Error('the upload has ended');
    const bytes = through.read() as Buffer | null;
    if (bytes === null) await once(through, 'readable', { signal });
    else if (bytes.length <= most) return bytes;
    else {
      through.unshift(bytes.subarray(most));
      return bytes.subarray(0, most);
    }
  }
}
