import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';

/** RFC 9110 8.4.1: they are undone from the last to the first. More of them are no service's. */
const MOST_CODINGS = 3;

/**
 * The body without its content codings. None is asked for, but some services and what stands in front send them all the same:
 * also with a response that has no body, as the one to HEAD.
 */
export async function unpackBody(headers: IncomingHttpHeaders, body: Readable): Promise<Readable> {
  const named = (headers['content-encoding'] ?? '').toLowerCase().split(',');
  const codings = named.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
  let unpacked: Readable = body;
  for (const coding of codings.reverse().slice(0, MOST_CODINGS)) {
    const chunks = unpacked[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
    const first = await firstOf(chunks);
    if (first === null) return Readable.from([]);
    const packed = Readable.from(startingWith(first, chunks));
    const decoder = openDecoder(coding, first);
    if (!decoder) return packed;
    // Where one of the two breaks, the other is destroyed with the same error, which is seen where it is read.
    unpacked = pipeline(packed, decoder, () => {});
  }
  return unpacked;
}

/** null: there is none. */
async function firstOf(chunks: AsyncIterator<Buffer>): Promise<Buffer | null> {
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    if (next.value.length > 0) return next.value;
  }
  return null;
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  yield first;
  yield* rest;
}

/** null: it is not known, and the body is compared as it is. */
function openDecoder(coding: string, first: Buffer): Transform | null {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress();
    case 'deflate':
      return hasZlibHeader(first) ? createInflate() : createInflateRaw();
    default:
      return null;
  }
}

const DEFLATE_METHOD = 8;

/** Some servers leave out the header that the standard wants: RFC 9110 8.4.1.2. */
function hasZlibHeader([start = 0]: Buffer): boolean {
  return (start & 0x0f) === DEFLATE_METHOD;
}

/** By the byte order mark, else by the charset that the response names, else UTF-8. The mark itself is no text. */
export function openText({ 'content-type': type = '' }: IncomingHttpHeaders, start: Buffer): TextDecoder {
  const named = /;\s*charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(type)?.[1];
  for (const label of [charsetOfMark(start), named]) {
    try {
      if (label !== undefined) return new TextDecoder(label);
    } catch {
      // It is none that is known.
    }
  }
  return new TextDecoder();
}

function charsetOfMark(start: Buffer): string | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  return start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : undefined;
}
