import type { ClientRequest } from 'node:http';

type Done = (error?: Error | null) => void;

// What has arrived is read in milliseconds, and nothing more comes on a connection that takes nothing.
const LONGEST_MS = 1_000;

/**
 * Lets an answer count that comes before the request was sent whole, also where it is seen after a write has failed. A
 * server that wants no more of a body answers and closes the connection (RFC 9112 9.6). Node destroys a socket with the
 * first write that fails, and with it an answer that has arrived and was not read. So the failure of a write is held
 * back until the socket was read to its end.
 */
export function heedEarlyAnswer(outgoing: ClientRequest): void {
  outgoing.once('socket', (socket) => {
    const hold =
      (done: Done): Done =>
      (error) =>
        error ? afterAnswer(outgoing, () => done(error)) : done();
    const { _write, _writev } = socket;
    socket._write = (chunk, encoding, done) => _write.call(socket, chunk, encoding, hold(done));
    if (_writev) socket._writev = (chunks, done) => _writev.call(socket, chunks, hold(done));
    // It may send other requests after this one.
    outgoing.once('close', () => Object.assign(socket, { _write, _writev }));
  });
}

function afterAnswer(outgoing: ClientRequest, callback: () => void): void {
  const { socket } = outgoing;
  const call = (): void => {
    clearTimeout(timer);
    socket?.off('end', call).off('close', call);
    callback();
  };
  const timer = setTimeout(call, LONGEST_MS);
  socket?.once('end', call).once('close', call);
}
