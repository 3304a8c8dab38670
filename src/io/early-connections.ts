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
  // By the agent's own name: only requests with the same host and the same TLS options share connections.
  const early = new Map<string, Set<Socket>>();
  const connect = agent.createConnection.bind(agent);
  // To be overridden, says https://nodejs.org/api/http.html#agentcreateconnectionoptions-callback
  agent.createConnection = (options, callback) => {
    // With a lookup of its own, a request decides by itself where it may go.
    if (options.lookup) return connect(options, callback);
    known.set(`${options.host}:${options.port}`, options);
    return take(early.get(agent.getName(options))) ?? connect(options, callback);
  };
  return ({ hostname, port, protocol }, count) => {
    const options = known.get(`${hostname}:${port || PORTS[protocol]}`);
    if (!options) return;
    const name = agent.getName(options);
    const waiting = early.get(name) ?? new Set();
    early.set(name, waiting);
    const missing = count - waiting.size - (agent.freeSockets[name]?.length ?? 0);
    for (let opened = 0; opened < missing; opened += 1) keep(connect(options) as Socket, waiting);
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
