import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { type BlobPart, pumpBlob } from '../../../src/registry/blob-pump.ts';
import { type Descriptor, digestOf } from '../../../src/registry/manifest.ts';
import { failureOf } from './copy-world.ts';
import { manualClock } from './world.ts';

const content = Buffer.from('the quick brown fox jumps over the lazy dog');
const wrong = Buffer.from('the quick brown fox jumps over the lazy cat');
const blob: Descriptor = { mediaType: 'x', digest: digestOf(content), size: content.length };

const chunks = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
const whole = (bytes: Buffer, size = 1_000): BlobPart => ({ start: 0, body: Readable.from(chunks(bytes, size)) });

/** Yields so much and breaks. */
function breaking(bytes: Buffer, start = 0): BlobPart {
  const body = Readable.from(
    (async function* () {
      yield bytes;
      throw new Error('the line went dead');
    })(),
  );
  return { start, body };
}

/** Keeps copies: what is written is freed then. */
function openSink() {
  const written: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  return { sink, received: once(sink, 'finish').then(() => Buffer.concat(written)) };
}

/** What comes through when `open` answers with these parts, one after the other. */
function pump(
  parts: readonly BlobPart[],
  options: { readonly of?: Descriptor; readonly stallMs?: number; readonly isHashed?: boolean } = {},
) {
  const { sink, received } = openSink();
  const offsets: number[] = [];
  const source = {
    blob: options.of ?? blob,
    isHashed: options.isHashed ?? true,
    what: 'copy it',
    open: async (offset: number) => {
      const part = parts[Math.min(offsets.length, parts.length - 1)]!;
      offsets.push(offset);
      return part;
    },
    stallMs: options.stallMs ?? 60_000,
    clock: manualClock(),
    signal: new AbortController().signal,
  };
  const done = pumpBlob(source, sink, () => undefined).finally(() => sink.end());
  return { done, received, offsets, sink };
}

describe('a blob', () => {
  test.each([1, 7, 1_000])('that is as promised passes unchanged, %i bytes at a time', async (size) => {
    const { done, received } = pump([whole(content, size)]);
    await done;
    expect(await received).toEqual(content);
  });

  test('of no bytes passes', async () => {
    const of = { ...blob, digest: digestOf(Buffer.alloc(0)), size: 0 };
    const { done, received } = pump([{ start: 0, body: Readable.from([]) }], { of });
    await done;
    expect(await received).toHaveLength(0);
  });

  test.each([1, 7, 1_000])('that is wrong never arrives as a whole, %i bytes at a time', async (size) => {
    const { done, received } = pump([whole(wrong, size)]);
    const failure = await failureOf(done);
    expect(failure.code).toBe('IMAGE_INVALID');
    expect(failure.message).toContain(digestOf(wrong));
    expect((await received).length).toBeLessThan(blob.size);
  });

  test('that is wrong arrives where its receiver hashes it', async () => {
    const { done, received } = pump([whole(wrong)], { isHashed: false });
    await done;
    expect(await received).toEqual(wrong);
  });

  test('that is too long is refused, also where its receiver hashes it', async () => {
    const { done } = pump([whole(Buffer.concat([content, content]))], { isHashed: false });
    expect((await failureOf(done)).code).toBe('IMAGE_INVALID');
  });

  test('is freed when it was written, and not before', async () => {
    const chunk = Buffer.from(new Uint8Array(65_536).fill(7));
    const of = { ...blob, digest: digestOf(Buffer.alloc(2 * 65_536, 7)), size: 2 * 65_536 };
    const { promise: isWritten, resolve: release } = Promise.withResolvers<void>();
    const sink = new Writable({ write: (_chunk, _encoding, done) => void isWritten.then(() => done()) });
    const body = Readable.from([chunk, Buffer.alloc(65_536, 7)]);
    const source = { blob: of, isHashed: true, what: 'copy it', stallMs: 60_000, clock: manualClock() };
    const open = async () => ({ start: 0, body });
    const done = pumpBlob({ ...source, open, signal: new AbortController().signal }, sink, () => undefined);
    await once(body, 'pause');
    const before = chunk.length;
    release();
    await done;
    expect({ before, after: chunk.length }).toEqual({ before: 65_536, after: 0 });
  });

  test.each([5, content.length])('that goes on after its end is refused, %i bytes at a time', async (size) => {
    const { done, received } = pump([whole(Buffer.concat([content, content]), size)]);
    expect((await failureOf(done)).message).toContain('longer than');
    expect((await received).length).toBeLessThan(blob.size);
  });
});

describe('a source that breaks', () => {
  test('is asked for the rest', async () => {
    const { done, received, offsets } = pump([
      breaking(content.subarray(0, 10)),
      { start: 10, body: Readable.from([content.subarray(10)]) },
    ]);
    await done;
    expect(await received).toEqual(content);
    expect(offsets).toEqual([0, 10]);
  });

  test.each([1, 3, 100])('and knows no parts is read over from the start, %i bytes at a time', async (size) => {
    const { done, received } = pump([breaking(content.subarray(0, 10)), whole(content, size)]);
    await done;
    expect(await received).toEqual(content);
  });

  test('after its last byte has done its work', async () => {
    const { done, received, offsets } = pump([breaking(content)]);
    await done;
    expect(await received).toEqual(content);
    expect(offsets).toEqual([0]);
  });

  test('and goes on with something else may be read anew', async () => {
    const { done } = pump([
      breaking(content.subarray(0, 10)),
      { start: 10, body: Readable.from([wrong.subarray(10)]) },
    ]);
    expect((await failureOf(done)).code).toBe('NETWORK');
  });

  test('again and again without getting on is given up', async () => {
    const ended = () => ({ start: 10, body: Readable.from([]) });
    const { done, offsets } = pump([whole(content.subarray(0, 10)), ended(), ended(), ended()]);
    const failure = await failureOf(done);
    expect(failure.code).toBe('NETWORK');
    expect(failure.message).toContain('10 of');
    expect(offsets).toHaveLength(4);
  });

  test('again and again while it gets on is not given up', async () => {
    const long = Buffer.alloc(8 * 1024 * 1024, 7);
    const of = { ...blob, digest: digestOf(long), size: long.length };
    const step = 1024 * 1024;
    const parts = chunks(long, step).map((bytes, index) => breaking(bytes, index * step));
    const { done, received, offsets } = pump(parts, { of });
    await done;
    expect((await received).length).toBe(long.length);
    expect(offsets).toHaveLength(8);
  });

  test('by falling silent is closed and asked again', async () => {
    const silent = new Readable({ read: () => undefined });
    const { done, received } = pump([{ start: 0, body: silent }, whole(content)], { stallMs: 5 });
    await done;
    expect(silent.destroyed).toBe(true);
    expect(await received).toEqual(content);
  });
});

test('an upload that ends stops the source', async () => {
  const endless = new Readable({ read: () => undefined });
  const { done, sink, received } = pump([{ start: 0, body: endless }]);
  received.catch(() => undefined);
  endless.push('x');
  endless.once('data', () => sink.destroy());
  await expect(done).rejects.toThrow('the upload has ended');
  expect(endless.destroyed).toBe(true);
});
