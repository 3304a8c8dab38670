// What the child is doing: which requests await an answer, and whether anything runs at all.
import { webcrypto } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { Gunzip } from 'node:zlib';

/** Of process.getActiveResourcesInfo(): things that only wait. File reads, DNS, connects and writes are none of these. */
const WAITING = new Set([
  'PipeWrap',
  'ProcessWrap', // counted apart
  'SignalWrap',
  'TCPServerWrap',
  'TCPSocketWrap',
  'TLSWrap',
  'TTYWrap',
  'TickObject',
  'Timeout',
]);

/** `onChange` is called whenever a request or a piece of work starts or ends. */
export function watchActivity(onChange) {
  const awaited = new Map();
  let work = 0;
  watchHttp(awaited, onChange);
  watchUndici(awaited, onChange);
  const count = (change) => {
    work += change;
    onChange();
  };
  watchWebCrypto(count);
  watchZlib(count);
  return {
    /** Local ports of the requests that await an answer: how the server knows them. 0: not connected yet. */
    awaitedPorts: () =>
      [...awaited]
        .filter(([request]) => !isUnsent(request) && !isLeftUnread(request))
        .map(([, findSocket]) => findSocket()?.localPort ?? 0),
    /** Whether a body is read or left unread changes without an event. */
    hasOpenAnswer: () => [...awaited.keys()].some((request) => request.res),
    countProcesses: () => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length,
    /** None of them is ever answered to whoever waits for it. */
    abandonRequests() {
      for (const request of awaited.keys())
        for (const emitter of [request.res, request.socket, request]) silence(emitter);
      awaited.clear();
    },
    onlyWaits: () => work === 0 && process.getActiveResourcesInfo().every((name) => WAITING.has(name)),
  };
}

function silence(emitter) {
  emitter?.removeAllListeners?.();
  emitter?.on?.('error', () => {});
}

// `http.client.response.finish` comes with the headers, long before the body has ended; the request's 'close' comes
// when both are done or the socket broke. The tunnel of an agent with `proxyEnv` is no request of its own, so it is not
// counted twice; that of @actions/http-client (getIDToken) is one, a CONNECT that ends only with its socket: counted, it
// would stop time. Until it stands, the proxy stops time itself.
function watchHttp(awaited, onChange) {
  subscribe('http.client.request.created', ({ request }) => {
    if (request.method === 'CONNECT') return;
    awaited.set(request, () => request.socket);
    request.once('socket', onChange);
    request.once('close', () => awaited.delete(request) && onChange());
    onChange();
  });
  subscribe('http.client.response.finish', onChange);
}

/** No answer comes before its body is sent: an upload may wait for a source that is tried again after a pause. */
function isUnsent(request) {
  return request.writableEnded === false && !request.res;
}

/**
 * The answer waits for its reader, not the other way round: the copy asks for a blob early, and may then have to wait with
 * the upload for a minute. Only seen of node:http; an unread body of the global fetch stops time.
 */
function isLeftUnread(request) {
  const answer = request.res;
  if (!answer) return false;
  const hasReader = answer.readableFlowing === true || answer.listenerCount('readable') > 0;
  return answer.complete || answer.readableLength > 0 || !hasReader;
}

// undici announces the CONNECT of a proxy tunnel as a request and never says that it ended: counted, it would stop time
// after the first fetch through a proxy.
function watchUndici(awaited, onChange) {
  const sockets = new WeakMap();
  subscribe('undici:request:create', ({ request }) => {
    if (request.method === 'CONNECT') return;
    awaited.set(request, () => sockets.get(request));
    onChange();
  });
  subscribe('undici:client:sendHeaders', ({ request, socket }) => {
    sockets.set(request, socket);
    onChange();
  });
  for (const end of ['undici:request:trailers', 'undici:request:error']) {
    subscribe(end, ({ request }) => awaited.delete(request) && onChange());
  }
}

// Work on the thread pool is not among the active resources (nor is scrypt's: nothing here uses that).
// Without this, time jumped while a signature was being made.
function watchWebCrypto(count) {
  const prototype = Object.getPrototypeOf(webcrypto.subtle);
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name === 'constructor' || typeof property.value !== 'function') continue;
    Object.defineProperty(prototype, name, {
      ...property,
      value(...args) {
        const result = property.value.apply(this, args);
        if (typeof result?.then !== 'function') return result;
        count(+1);
        const end = () => count(-1);
        result.then(end, end);
        return result;
      },
    });
  }
}

// The same for what unpacks a body: time jumped to the next timer, however far it was, while a megabyte was unpacked.
function watchZlib(count) {
  let prototype = Gunzip.prototype;
  while (!Object.hasOwn(prototype, '_transform')) prototype = Object.getPrototypeOf(prototype);
  const { _transform } = prototype;
  prototype._transform = function (chunk, encoding, callback) {
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      this.off('close', end);
      count(-1);
    };
    count(+1);
    // Of one that is destroyed the callback never comes.
    this.once('close', end);
    return _transform.call(this, chunk, encoding, (...args) => {
      end();
      callback(...args);
    });
  };
}
