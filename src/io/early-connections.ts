import type { Agent, ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Opens connections to a host that the agent has talked to, before there are requests for them, so that those don't wait
 * for the handshakes. `count`: how many are to be at hand, those included that are idle.
 */
export type OpenEarly = (origin: URL, count: number) => void;

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Has the agent take connections that were opened early, where there are any, before it opens one. */
export function openEarlyConnections(agent: Agent): OpenEarly {
  const known = new Map<string, ClientRequestArgs>();
  const early = new Map<string, Set<Socket>>();
  const connect = agent.createConnection.bind(agent);
  // To be overridden, says https://nodejs.org/api/http.html#agentcreateconnectionoptions-callback
  agent.createConnection = (options, callback) => {
    // With a lookup of its own, a request decides by itself where it may go.
    if (options.lookup) return connect(options, callback);
    const key = `${options.host}:${options.port}`;
    known.set(key, options);
    const socket = take(early.get(key));
    return socket ?? connect(options, callback);
  };
  return ({ hostname, port, protocol }, count) => {
    const key = `${hostname}:${port || PORTS[protocol]}`;
    const options = known.get(key);
    // Nobody has been there.
    if (!options) return;
    const waiting = early.get(key) ?? new Set();
    early.set(key, waiting);
    const idle = agent.freeSockets[agent.getName(options)]?.length ?? 0;
    for (let missing = count - idle - waiting.size; missing > 0; missing -= 1)
      keep(connect(options) as Socket, waiting);
  };
}

function keep(socket: Socket, waiting: Set<Socket>): void {
  waiting.add(socket);
  // Nothing waits for a connection that nobody asked for.
  socket.unref();
  socket.on('error', ignore);
  socket.on('close', () => waiting.delete(socket));
}

function take(waiting: Set<Socket> | undefined): Socket | null {
  const [socket] = waiting ?? [];
  if (!socket) return null;
  waiting?.delete(socket);
  socket.off('error', ignore);
  return socket.ref();
}

function ignore(): void {}
