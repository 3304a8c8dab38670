import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type tls from 'node:tls';
import type { HostCertificate } from './certificates.ts';

export interface Proxy {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Resets the connection of the client with this port. */
  reset(clientPort: number | undefined): void;
  close(): void;
}

export interface ProxyOptions {
  /** False: as a name that does not resolve. */
  serves(hostname: string): boolean;
  issue(hostname: string): Promise<HostCertificate>;
  /** Every request that came through, out of its tunnel and decrypted. */
  answer(scheme: 'http' | 'https', request: IncomingMessage, response: ServerResponse): void;
  /** A tunnel is being made; returns how to say that it stands. */
  opening(): () => void;
}

// Real time-outs would close kept-alive connections while virtual time stands still.
const NO_TIMEOUTS = {
  keepAliveTimeout: 0,
  headersTimeout: 0,
  requestTimeout: 0,
  connectionsCheckingInterval: 2 ** 31 - 1,
};
// Google's Artifact Registry takes and sends headers beyond Node's limit of 16 KB.
const SERVER_OPTIONS = { ...NO_TIMEOUTS, maxHeaderSize: 65_536 };

/** Takes CONNECT (port 80 is plain, any other is TLS) and plain requests with an absolute URL, on 127.0.0.1. */
export async function openProxy(options: ProxyOptions): Promise<Proxy> {
  const sockets = new Set<Socket>();
  /** By the client's port: what to call when its tunnel stands. */
  const opening = new Map<number | undefined, () => void>();
  const inside = tunnelServers(options, ({ remotePort }) => opening.get(remotePort)?.());
  const server = http.createServer(SERVER_OPTIONS, (request, response) => options.answer('http', request, response));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', async (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const { hostname, port } = parseAuthority(request.url ?? '');
    if (!options.serves(hostname)) return void socket.end(badGateway(hostname));
    // A client may announce no request until its tunnel stands (@actions/http-client): its timers would go off meanwhile.
    const { remotePort } = socket;
    const opened = options.opening();
    opening.set(remotePort, opened);
    socket.once('close', () => {
      opening.delete(remotePort);
      opened();
    });
    const target = await inside(hostname, port);
    if (port === '80') opened();
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    target.emit('connection', socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A test that fails before it closes the edge must not keep the test run alive.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reset(clientPort) {
      for (const socket of sockets) if (socket.remotePort === clientPort) socket.resetAndDestroy();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export function noSuchHost(hostname: string): string {
  return `no embedded cloud serves ${hostname}\n`;
}

/** A tunnel stands: its client has what it waits for before it sends its first request. */
type OnTunnel = (socket: { readonly remotePort?: number | undefined }) => void;

/** The servers at the far ends of tunnels. They never listen: they are handed the tunnel's socket. */
function tunnelServers(
  { issue, answer }: ProxyOptions,
  onTunnel: OnTunnel,
): (hostname: string, port: string) => Promise<Server | tls.Server> {
  const plain = http.createServer(SERVER_OPTIONS, (request, response) => answer('http', request, response));
  const secure = new Map<string, tls.Server>();
  return async (hostname, port) => {
    if (port === '80') return plain;
    const known = secure.get(hostname);
    if (known) return known;
    const options = { ...SERVER_OPTIONS, ...(await issue(hostname)) };
    const server = https
      .createServer(options, (request, response) => answer('https', request, response))
      .on('secureConnection', onTunnel);
    // A client that does not trust us, or is killed in the handshake, is its own affair.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    secure.set(hostname, server);
    return server;
  };
}

function parseAuthority(authority: string): { hostname: string; port: string } {
  const colon = authority.lastIndexOf(':');
  const hostname = authority.slice(0, colon).replace(/^\[|\]$/g, '');
  return { hostname: hostname.toLowerCase(), port: authority.slice(colon + 1) };
}

function badGateway(hostname: string): string {
  const body = noSuchHost(hostname);
  return `HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
}
