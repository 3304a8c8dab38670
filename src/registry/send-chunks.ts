import type { Writable } from 'node:stream';
import type { BodyWriter } from '../io/http.ts';
import { type OpenUpload, readToEnd } from './blob-transfer.ts';
import type { RegistryClient } from './client.ts';
import { type Handover, openHandover } from './handover.ts';
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
  const handover = openHandover();
  const { sink } = handover;
  const written = body(sink, () => {}).catch((error: Error) => void sink.destroy(error));
  let { location } = upload;
  try {
    for (let start = 0; start < blob.size; start += chunkBytes) {
      const length = Math.min(chunkBytes, blob.size - start);
      location = await sendChunk(client, at, { blob, signal, handover, location, start, length });
    }
    const call = { ...callFor(blob, at), method: 'PUT', target: withDigest(location, blob.digest) } as const;
    const headers = { ...OCTETS, 'content-length': '0' };
    await client.call({ ...call, headers, expect: [201, 204], timeoutMs: COMMIT_TIMEOUT_MS, signal }, readToEnd);
  } finally {
    sink.destroy();
    await written;
  }
}

interface Chunk {
  readonly blob: Descriptor;
  readonly signal: AbortSignal;
  readonly handover: Handover;
  readonly location: URL;
  readonly start: number;
  readonly length: number;
}

/** Where the upload goes on. */
async function sendChunk(client: RegistryClient, at: Repository, chunk: Chunk): Promise<URL> {
  const { blob, signal, handover, location, start, length } = chunk;
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
      body: (outgoing, onChunk) => forward(handover, outgoing, { length, onChunk, signal }),
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
  { take }: Handover,
  outgoing: Writable,
  { length, onChunk, signal }: { readonly length: number; readonly onChunk: () => void; readonly signal: AbortSignal },
): Promise<void> {
  for (let left = length; left > 0; ) {
    const { bytes, release } = await take(left, signal);
    left -= bytes.length;
    onChunk();
    await write(outgoing, bytes);
    release();
  }
}

function write(outgoing: Writable, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = (): void => reject(new Error('the request has ended'));
  outgoing.once('close', closed);
  outgoing.write(bytes, (error) => (error ? reject(error) : resolve()));
  return promise.finally(() => void outgoing.off('close', closed));
}
