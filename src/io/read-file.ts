import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Without it, opening a pipe waits until another process writes to it, and nothing else goes on meanwhile. Windows has no such pipes. */
export const DO_NOT_WAIT = constants.O_NONBLOCK ?? 0;
const CHUNK_BYTES = 65_536;

/** @throws Error of Node; Error for a folder, a pipe or a device; RangeError when it is longer than `maxBytes` */
export function readRegularFile(file: string, maxBytes: number): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | DO_NOT_WAIT);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error(`${file} is not a regular file`);
    return readToEnd(descriptor, file, maxBytes);
  } finally {
    closeSync(descriptor);
  }
}

/** The size that the system tells is not believed: a file may grow, and one of `/proc` says 0. @throws RangeError */
export function readToEnd(descriptor: number, name: string, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  for (let left = maxBytes; ; ) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, left + 1));
    const read = readSync(descriptor, chunk, 0, chunk.length, null);
    if (read === 0) return Buffer.concat(chunks);
    if (read > left) throw new RangeError(`${name} is longer than ${maxBytes} bytes`);
    chunks.push(chunk.subarray(0, read));
    left -= read;
  }
}
