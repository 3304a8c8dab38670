import http from 'node:http';
import https from 'node:https';
import net, { isIP, type LookupFunction, type Socket } from 'node:net';
import tls from 'node:tls';
import type { ConnectionOptions } from '../model/endpoint.ts';
import { DeployError } from '../model/errors.ts';
import { addressOf, chooseProxy } from './choose-proxy.ts';
import { adviceFor, REFUSED_TUNNEL, reasonOf } from './connection-advice.ts';
import { tlsOptions } from './http-tls.ts';
import type { ProxyEnv } from './proxy-env.ts';

export interface SocketRequest {
  /** http or https, with TLS for the latter. Only its host ever appears in an error. */
  readonly url: URL;
  /** Application protocols that are offered in TLS (ALPN), the preferred first. */
  readonly protocols: readonly string[];
  /** Until the connection is there, TLS included; in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Resolves the host, and may refuse what it finds. */
  readonly lookup?: LookupFunction;
  readonly tls?: ConnectionOptions;
}

/**
 * Opens one connection, through the proxy that requests take too. For protocols other than HTTP/1.1; the caller destroys it.
 * @throws DeployError NETWORK, or what `lookup` refuses; the signal's reason
 */
export async function openSocket(request: SocketRequest, env: ProxyEnv): Promise<Socket> {
  const { url, timeoutMs, signal } = request;
  const opened: Socket[] = [];
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  const abort = (): void => end(signal.reason);
  const timer = setTimeout(() => end(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([connect(request, env, opened), ended]);
  } catch (error) {
    for (const socket of opened) socket.destroy();
    if (signal.aborted) throw signal.reason;
    throw error instanceof DeployError ? error : unreachable(url, error as NodeJS.ErrnoException);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function unreachable(url: URL, error: NodeJS.ErrnoException): DeployError {
  const message = `could not reach ${url.host}: ${reasonOf(error)}`;
  return new DeployError('NETWORK', message, { cause: error, ...adviceFor(error) });
}

/** `opened` gets each socket at once, so that it can be destroyed whatever happens. */
async function connect({ url, protocols, lookup, tls: own = {} }: SocketRequest, env: ProxyEnv, opened: Socket[]) {
  const { host, port } = addressOf(url);
  const proxy = own.proxy ?? chooseProxy(url, env);
  const socket = proxy
    ? await tunnel(new URL(proxy), url, opened)
    : net.connect({ host, port, ...(lookup ? { lookup } : {}) });
  opened.push(socket);
  if (!proxy) await connected(socket, 'connect');
  if (url.protocol !== 'https:') return socket;
  const name = isIP(host) ? '' : host;
  const secure = tls.connect({ socket, host, servername: name, ALPNProtocols: [...protocols], ...tlsOptions(own) });
  opened.push(secure);
  await connected(secure, 'secureConnect');
  return secure;
}

function connected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The listener stays: an error that no one listens to ends the process.
  socket.once(event, resolve).on('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed before it was there')));
  return promise;
}

/** RFC 9110 9.3.6. */
async function tunnel(proxy: URL, url: URL, opened: Socket[]): Promise<Socket> {
  const { port } = addressOf(url);
  const target = `${url.hostname}:${port}`;
  const transport = proxy.protocol === 'https:' ? https : http;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const asking = transport.request({
    ...addressOf(proxy),
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...loginTo(proxy) },
    agent: false,
  });
  asking.once('socket', (socket) => void opened.push(socket));
  asking.once('error', reject);
  asking.once('connect', ({ statusCode = 0 }, socket, head) => {
    if (head.length > 0) socket.unshift(head);
    if (statusCode >= 200 && statusCode <= 299) resolve(socket);
    else reject(refusedTunnel(statusCode));
  });
  asking.end();
  return await promise;
}

/** As Node's own agents tell it. */
function refusedTunnel(status: number): Error {
  return Object.assign(new Error(`the proxy refused the tunnel: HTTP/1.1 ${status}`), { code: REFUSED_TUNNEL });
}

function loginTo({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}
