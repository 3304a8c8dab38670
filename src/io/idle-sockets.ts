import type { Agent } from 'node:http';
import type { Socket } from 'node:net';

interface Address {
  readonly host?: string;
  readonly port?: number | string;
}

/**
 * Where one of the kept connections to a host turns out to be dead, closed or silent, the idle ones most often are too: they are
 * closed, so that the next try opens its own. For all who use the agent, SDKs included.
 */
export function dropDeadTogether(agent: Agent): void {
  const watched = new WeakSet<Socket>();
  agent.on('free', (socket: Socket, options: Address) => {
    if (watched.has(socket)) return;
    watched.add(socket);
    socket.once('error', () => dropIdleSockets(agent, options));
  });
}

function dropIdleSockets(agent: Agent, { host, port }: Address): void {
  // What follows in the agent's names are the options of a request.
  const idle = Object.entries(agent.freeSockets).filter(([name]) => name.startsWith(`${host}:${port}:`));
  for (const socket of idle.flatMap(([, sockets]) => sockets ?? [])) socket.destroy();
}
