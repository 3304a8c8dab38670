import type { IncomingHttpHeaders } from 'node:http';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import { adviceFor, reasonOf } from '../../io/connection-advice.ts';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

export interface Http2Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body. */
  readonly stream: ClientHttp2Stream;
  /** Ends the connection, which nothing else uses. Has to be called. */
  readonly close: () => void;
}

const MOST_HEADER_BYTES = 65_536;

/**
 * One request on a connection of its own: HTTP/2 in TLS for https, HTTP/2 with prior knowledge for http (RFC 9113 3).
 * @throws DeployError NETWORK, or the signal's reason; UNSUPPORTED where the server has no HTTP/2
 */
export async function callHttp2(request: OutgoingRequest, io: Pick<Io, 'http' | 'clock'>): Promise<Http2Response> {
  const { url, timeoutMs, connection, guard, signal } = request;
  const until = io.clock.now() + timeoutMs;
  const over = connection ? { tls: connection } : { lookup: guard.lookup };
  const socket = await io.http.connect({ url, protocols: ['h2'], timeoutMs, signal, ...over });
  if (url.protocol === 'https:' && (socket as { alpnProtocol?: unknown }).alpnProtocol !== 'h2') {
    socket.destroy();
    throw withoutHttp2(url);
  }
  const session = http2.connect(url.origin, {
    createConnection: () => socket,
    settings: { enablePush: false, maxHeaderListSize: MOST_HEADER_BYTES },
  });
  try {
    return await send(session, request, Math.max(1, until - io.clock.now()));
  } catch (error) {
    session.destroy();
    signal.throwIfAborted();
    throw error instanceof DeployError ? error : explain(error as NodeJS.ErrnoException, url);
  }
}

function send(session: ClientHttp2Session, request: OutgoingRequest, timeoutMs: number): Promise<Http2Response> {
  const { method, url, headers, body, signal } = request;
  const { promise, resolve, reject } = Promise.withResolvers<Http2Response>();
  // What the request itself throws comes first.
  promise.catch(() => undefined);
  const silent = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const abort = (): void => void session.destroy(signal.reason as Error);
  const close = (): void => void session.destroy();
  signal.addEventListener('abort', abort, { once: true });
  session.on('error', reject);
  session.on('close', () => {
    signal.removeEventListener('abort', abort);
    reject(new Error('the server closed the connection'));
  });
  const path = `${url.pathname}${url.search}`;
  const line = { ':method': method, ':scheme': url.protocol.slice(0, -1), ':authority': url.host, ':path': path };
  const stream = session.request({ ...headers, ...line }, { endStream: body === null });
  stream.on('error', reject);
  stream.on('response', (received) => {
    const { ':status': status = 0, ...others } = received;
    resolve({ status, headers: others as IncomingHttpHeaders, stream, close });
  });
  if (body) Readable.from(piecesOf(body)).pipe(stream);
  return promise.finally(() => clearTimeout(silent));
}

// What is written at once fills the connection, and hides an answer that comes before all of it was sent.
const PIECE_BYTES = 16_384;

function* piecesOf(body: Buffer): Iterable<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}

function withoutHttp2({ host }: URL): DeployError {
  return new DeployError('UNSUPPORTED', `could not speak HTTP/2 with ${host}: the server does not offer it`, {
    hint: 'Leave out `http2`, or test the port that serves HTTP/2.',
  });
}

function explain(error: NodeJS.ErrnoException, { host, protocol }: URL): DeployError {
  if (error.code === 'ERR_HTTP2_INVALID_CONNECTION_HEADERS') {
    return new DeployError('INPUT_INVALID', `could not send the request to ${host}: HTTP/2 has no such header`, {
      cause: error,
      hint: 'Leave out headers of the connection, such as keep-alive.',
    });
  }
  const hint = protocol === 'http:' ? { hint: 'Check that this port serves HTTP/2 without TLS (h2c).' } : {};
  const message = `could not reach ${host}: ${reasonOf(error)}`;
  return new DeployError('NETWORK', message, { cause: error, ...adviceFor(error), ...hint });
}
