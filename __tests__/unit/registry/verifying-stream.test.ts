import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { type Descriptor, digestOf } from '../../../src/registry/manifest.ts';
import { openVerifyingStream } from '../../../src/registry/verifying-stream.ts';
import { failureOf } from './copy-world.ts';

const content = Buffer.from('the quick brown fox jumps over the lazy dog');
const blob: Descriptor = { mediaType: 'x', digest: digestOf(content), size: content.length };
const wrong = Buffer.from('the quick brown fox jumps over the lazy cat');

function chunks(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

/** What a receiver got before the stream ended or failed. */
async function receive(source: Readable, options: { of?: Descriptor; stallMs?: number } = {}) {
  const stream = openVerifyingStream(source, options.of ?? blob, {
    what: 'copy it',
    stallMs: options.stallMs ?? 20_000,
  });
  const received: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => received.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
  });
  return { ended, bytes: () => Buffer.concat(received) };
}

test.each([1, 7, 1_000])('what is as promised passes unchanged, %i bytes at a time', async (size) => {
  const { ended, bytes } = await receive(Readable.from(chunks(content, size)));
  await ended;
  expect(bytes()).toEqual(content);
});

test('a blob of no bytes passes', async () => {
  const of = { ...blob, digest: digestOf(Buffer.alloc(0)), size: 0 };
  const { ended, bytes } = await receive(Readable.from([]), { of });
  await ended;
  expect(bytes()).toHaveLength(0);
});

test.each([1, 7, 1_000])('the receiver never gets the whole of a wrong blob, %i bytes at a time', async (size) => {
  const { ended, bytes } = await receive(Readable.from(chunks(wrong, size)));
  const failure = await failureOf(ended);
  expect(failure.code).toBe('IMAGE_INVALID');
  expect(failure.message).toContain(digestOf(wrong));
  expect(bytes().length).toBeLessThan(blob.size);
});

test('a blob that goes on after its end is cut before it', async () => {
  const { ended, bytes } = await receive(Readable.from(chunks(Buffer.concat([content, content]), 5)));
  expect((await failureOf(ended)).message).toContain('longer than');
  expect(bytes().length).toBeLessThan(blob.size);
});

test('a blob that ends early may be tried again', async () => {
  const { ended } = await receive(Readable.from(chunks(content.subarray(0, 10), 5)));
  const failure = await failureOf(ended);
  expect(failure.code).toBe('NETWORK');
  expect(failure.message).toContain('10 of');
});

test('a source that falls silent is given up and closed', async () => {
  const source = new Readable({ read: () => undefined });
  const { ended } = await receive(source, { stallMs: 1 });
  const failure = await failureOf(ended);
  expect(failure.code).toBe('NETWORK');
  expect(failure.message).toContain('no data for 1 ms');
  expect(source.destroyed).toBe(true);
});
