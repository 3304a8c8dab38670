import type { IncomingMessage } from 'node:http';
import type { OnReadOpts, Socket } from 'node:net';
import { freeBuffer } from './free-buffer.ts';

const READ_BYTES = 256 * 1024;

/** What sockets read, each for a moment: it is empty again before the next one reads. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * Options of sockets that carry HTTP: all read into the same memory, and up to four times as much at once as Node's own 64 KB. That
 * spares a quarter of the CPU time of a copy. node:http copies what it keeps before a listener of `data` returns (`on_body` in
 * node_http_parser.cc, `StringPtr::Save` for headers). Other readers of such a socket see memory that changes, and its `read()`
 * has nothing.
 */
export const sharedReads: OnReadOpts = {
  buffer: shared,
  callback(this: Socket, length: number) {
    this.emit('data', shared.subarray(0, length));
    return true;
  },
};

/**
 * For a long body over a socket without `sharedReads`, as behind a proxy: frees what was read as soon as the parser has had it. The
 * copies are left to the reader of the body.
 */
export function freeReads(body: IncomingMessage): void {
  const socket: Socket | undefined = body.socket;
  if (!socket || body.complete) return;
  // Behind the parser's own listener, which is there since before the response.
  socket.on('data', freeRead);
  const stop = (): void => void socket.off('data', freeRead);
  // The socket may belong to the next response after either of them.
  body.once('end', stop).once('close', stop);
}

function freeRead(read: Buffer): void {
  if (read.buffer !== shared.buffer) freeBuffer(read);
}
