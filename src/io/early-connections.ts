import type { Agent, AgentOptions, ClientRequestArgs } from 'node:http';
import { isIP, type Socket } from 'node:net';

/**
 * Opens connections to a host before there are requests for them, so that those don't wait for the handshakes. `count`: how
 * many are to be at hand, those included that are idle.
 */
export type OpenEarly = (origin: URL, count: number) => void;

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Has the agent take connections that were opened early, where there are any, before it opens one.
 * @param options what the agent was made with
 */
export function openEarlyConnections(agent: Agent, options: AgentOptions): OpenEarly {
  // By the agent's own name: only requests with the same host and the same TLS options share connections.
  const early = new Map<string, Set<Socket>>();
  // With the TLS session of an earlier one a handshake is cheaper.
  const known = new Map<string, ClientRequestArgs>();
  const connect = agent.createConnection.bind(agent);
  // To be overridden, says https://nodejs.org/api/http.html#agentcreateconnectionoptions-callback
  agent.createConnection = (asked, callback) => {
    // With a lookup of its own, a request decides by itself where it may go.
    if (asked.lookup) return connect(asked, callback);
    const name = agent.getName(asked);
    known.set(name, asked);
    return take(early.get(name)) ?? connect(asked, callback);
  };
  return ({ hostname: host, port, protocol }, count) => {
    const plain = { ...options, host, port: port || PORTS[protocol], servername: isIP(host) ? '' : host };
    const name = agent.getName(plain);
    const waiting = early.get(name) ?? new Set();
    early.set(name, waiting);
    const missing = count - waiting.size - (agent.freeSockets[name]?.length ?? 0);
    for (let opened = 0; opened < missing; opened += 1) keep(connect(known.get(name) ?? plain) as Socket, waiting);
  };
}

function keep(socket: Socket, waiting: Set<Socket>): void {
  waiting.add(socket);
  // The process does not stay alive for a connection that no request uses.
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
