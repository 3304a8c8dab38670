import http from 'node:http';
import https from 'node:https';
import { type LookupFunction, type Socket, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import type { Writable } from 'node:stream';
import type { ConnectionOptions } from '../model/endpoint.ts';
import { DeployError } from '../model/errors.ts';
import { AGENT_OPTIONS, type Ends, openAgents, openProxyAgents } from './agents.ts';
import { adviceFor, reasonOf } from './connection-advice.ts';
import { heedEarlyAnswer } from './early-answer.ts';
import { type OpenEarly, openEarlyConnections } from './early-connections.ts';
import { keepGuardsApart } from './guarded-sockets.ts';
import { tlsOptions } from './http-tls.ts';
import type { SocketRequest } from './open-socket.ts';
import { openProxiedHosts } from './proxied-hosts.ts';
import { readProxyEnv } from './proxy-env.ts';
import { sharedReads } from './socket-reads.ts';

/** Writes a body piece by piece, and calls `onChunk` for each. The request ends when it resolves and breaks off when it fails. */
export type BodyWriter = (outgoing: Writable, onChunk: () => void) => Promise<void>;

export interface HttpRequest {
  readonly method: string;
  /** http or https. Only its host ever appears in an error: path and query can hold a signature. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | BodyWriter;
  /** Longest silence until the response's headers, in milliseconds; each chunk of a written body starts it again. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Resolves the host, and may refuse what it finds. */
  readonly lookup?: LookupFunction;
  /** How to connect, where it isn't as usual; most of it is for https. */
  readonly tls?: ConnectionOptions;
  /** Application protocols that are offered in TLS (ALPN); absent: none. */
  readonly protocols?: readonly string[];
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Has to be read to its end or destroyed. */
  readonly body: http.IncomingMessage;
}

/** Sends requests. Follows no redirect, retries nothing but a kept-alive socket that the server had closed. */
export interface Http {
  /** Handed to SDK clients, so that their requests take the same proxy and the same sockets. */
  readonly httpAgent: http.Agent;
  readonly httpsAgent: https.Agent;
  /** Does nothing where requests go through a proxy. */
  readonly openEarly: OpenEarly;
  /** @throws DeployError NETWORK, or the signal's reason. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** One connection of its own, for another protocol. @throws DeployError NETWORK, or the signal's reason. */
  connect(request: SocketRequest): Promise<Socket>;
  /** The run is over: what is under way fails, and nothing is sent any more. A login that hangs would keep the process. */
  close(): void;
}

// A registry was seen to answer with headers of 21 KB; Node's own limit is 16 KB (actions/attest-build-provenance#606).
const MAX_HEADER_BYTES = 65_536;
// Of a host with several addresses each has this time, but for the last one. Node's own 250 ms are too short for a host on the
// other side of the earth, which then is never reached where the last address is one of IPv6, without a route.
const CONNECT_MS = 1_000;

/**
 * Agents that take HTTPS_PROXY, HTTP_PROXY and NO_PROXY from `env`, as self-hosted runners behind a proxy set them. `say` gets
 * what a user should know of it.
 * @throws DeployError INPUT_INVALID for a proxy that can't be used
 */
export function openHttp(env: NodeJS.ProcessEnv, say: (message: string) => void = () => {}): Http {
  const proxyEnv = readProxyEnv(env);
  // For SDKs and other protocols too.
  setDefaultAutoSelectFamilyAttemptTimeout(CONNECT_MS);
  const isProxied = Boolean(proxyEnv.HTTP_PROXY ?? proxyEnv.HTTPS_PROXY);
  // A tunnel is opened with `read()`, which finds nothing where reads are shared.
  const options = { ...AGENT_OPTIONS, proxyEnv, ...(isProxied ? {} : { onread: sharedReads }) };
  const ends: Ends = new Set();
  const { 'http:': httpAgent, 'https:': httpsAgent } = openAgents(options, isProxied ? ends : null);
  for (const agent of [httpAgent, httpsAgent]) keepGuardsApart(agent);
  const findAgents = openProxyAgents({ 'http:': httpAgent, 'https:': httpsAgent }, ends);
  const early = isProxied
    ? null
    : { 'http:': openEarlyConnections(httpAgent, options), 'https:': openEarlyConnections(httpsAgent, options) };
  const checkHost = isProxied ? openProxiedHosts(say) : null;
  let over: DeployError | null = null;
  return {
    httpAgent,
    httpsAgent,
    openEarly: (origin, count) => early?.[origin.protocol as 'http:' | 'https:'](origin, count),
    async send(request) {
      if (over) throw over;
      const agent = findAgents(request.tls?.proxy)[request.url.protocol === 'https:' ? 'https:' : 'http:'];
      await checkHost?.(request);
      try {
        return await sendOnce(request, agent, ends);
      } catch (error) {
        // Its socket may have been closed first, which looks like a failure that may pass.
        if (over) throw over;
        if (!(error instanceof StaleSocketError && isReplayable(request))) throw error;
        return await sendOnce(request, agent, ends);
      }
    },
    async connect(request) {
      await checkHost?.(request);
      const { openSocket } = await import('./open-socket.ts');
      return await openSocket(request, proxyEnv);
    },
    close() {
      over ??= runIsOver();
      for (const end of ends) end(over);
    },
  };
}

function runIsOver(): DeployError {
  return new DeployError('CANCELLED', 'could not send another request: the run is over', {
    hint: 'The outcome of the run says what happened.',
  });
}

/**
 * The whole body, bounded in size and time.
 * @throws DeployError NETWORK when it is longer than `maxBytes`, slower than `timeoutMs`, or breaks off.
 */
export async function readBody(
  response: HttpResponse,
  limits: { readonly maxBytes: number; readonly timeoutMs: number },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(
    () => response.body.destroy(new Error(`the body took longer than ${limits.timeoutMs} ms`)),
    limits.timeoutMs,
  );
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limits.maxBytes) throw new Error(`the body is longer than ${limits.maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    response.body.destroy();
    throw new DeployError('NETWORK', `could not read the response: ${(error as Error).message}`, {
      cause: error,
      hint: 'Run again; if it stays, check the proxy and the firewall between here and the server.',
    });
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/** The server had closed a kept-alive connection before this request used it, as far as can be told. */
class StaleSocketError extends DeployError {}

function sendOnce(request: HttpRequest, agent: http.Agent, ends: Ends): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const transport = request.url.protocol === 'https:' ? https : http;
  const outgoing = transport.request(request.url, {
    method: request.method,
    headers: { ...request.headers },
    agent,
    maxHeaderSize: MAX_HEADER_BYTES,
    ...(request.lookup ? { lookup: request.lookup } : {}),
    ...tlsOptions(request.tls),
    ...(request.protocols ? { ALPNProtocols: [...request.protocols] } : {}),
  });
  const end = (reason: unknown): void => breakOff(outgoing, reason as Error);
  ends.add(end);
  if (request.body !== undefined) heedEarlyAnswer(outgoing);
  const silence = startSilenceTimer(end, request.timeoutMs);
  let received: http.IncomingMessage | null = null;
  // Of one that is there completely nothing is left to break off, and its socket may belong to another request already: an
  // error there finds no listener, and ends the process.
  const abort = (): void => void (received?.complete || end(request.signal?.reason));
  request.signal?.addEventListener('abort', abort, { once: true });
  outgoing.on('response', (incoming) => {
    silence.stop();
    received = incoming;
    const status = incoming.statusCode ?? 0;
    if (isTooEarly(status, outgoing, request)) {
      incoming.destroy();
      return fail(new Error(`it answered ${status} before it had the whole body`));
    }
    resolve({ status, headers: incoming.headers, body: incoming });
  });
  const fail = (error: NodeJS.ErrnoException): void => reject(toDeployError(error, request, outgoing));
  outgoing.on('error', fail);
  outgoing.on('close', () => {
    ends.delete(end);
    silence.stop();
    request.signal?.removeEventListener('abort', abort);
    // Without a listener for it, a switch of protocols (101) ends a request with neither an answer nor an error.
    if (received === null) fail(new Error('the connection was closed without an answer'));
  });
  if (request.signal?.aborted) abort();
  writeBody(outgoing, request.body, silence.restart);
  return promise;
}

/** A success of something that was not sent, and perhaps never will be: its check comes with its end. */
function isTooEarly(status: number, outgoing: http.ClientRequest, { body }: HttpRequest): boolean {
  return typeof body === 'function' && status >= 200 && status <= 299 && !outgoing.writableEnded;
}

/** Before it has a socket, Node ends a request only when it gets one: after other requests, or a proxy's tunnel. */
function breakOff(outgoing: http.ClientRequest, reason: Error): void {
  outgoing.destroy(reason);
  if (outgoing.socket) return;
  outgoing.emit('error', reason);
  outgoing.emit('close');
}

function startSilenceTimer(end: (reason: Error) => void, timeoutMs: number) {
  const expire = (): void => end(new Error(`no answer within ${timeoutMs} ms`));
  const timer = setTimeout(expire, timeoutMs);
  return { stop: () => clearTimeout(timer), restart: () => void timer.refresh() };
}

function writeBody(outgoing: http.ClientRequest, body: HttpRequest['body'], onChunk: () => void): void {
  if (typeof body !== 'function') {
    outgoing.end(body);
    return;
  }
  outgoing.on('response', (incoming: http.IncomingMessage) => {
    // Answered before it had everything: it does not want the rest.
    incoming.once('close', () => outgoing.writableEnded || outgoing.destroy());
  });
  body(outgoing, onChunk).then(
    () => outgoing.end(),
    (error: Error) => outgoing.destroy(error),
  );
}

/** The server may have seen the request before it closed the socket: RFC 9110 9.2.2 lets only these be sent again. */
function isReplayable({ method, body }: HttpRequest): boolean {
  return ['GET', 'HEAD', 'PUT', 'DELETE'].includes(method) && typeof body !== 'function';
}

function toDeployError(error: NodeJS.ErrnoException, request: HttpRequest, outgoing: http.ClientRequest): unknown {
  if (request.signal?.aborted) return request.signal.reason;
  if (error instanceof DeployError) return error;
  const isStale = outgoing.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
  const Kind = isStale ? StaleSocketError : DeployError;
  return new Kind('NETWORK', `could not reach ${request.url.host}: ${reasonOf(error)}`, {
    cause: error,
    ...adviceFor(error),
  });
}
