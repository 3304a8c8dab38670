import type { Agent } from 'node:https';
import type { Socket } from 'node:net';

// A proxy asks the other side first, which may be slow; Node waits for both without end.
const LONGEST_MS = 60_000;

/**
 * Bounds the time that the agent waits for a proxy's tunnel, for SDKs too. Until the tunnel is there a request has no socket, so
 * what ends the request leaves the connection to the proxy open. Returns what closes all of them.
 */
export function keepTunnelsClosable(agent: Agent): () => void {
  const opened = new Set<Socket>();
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    // The connection to the proxy itself, also where a tunnel is to lead through it.
    const socket = connect({ ...options, timeout: LONGEST_MS }, callback) as Socket;
    opened.add(socket);
    socket.once('close', () => opened.delete(socket));
    return socket;
  };
  return () => {
    for (const socket of opened) socket.destroy();
  };
}
