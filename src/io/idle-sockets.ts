import type { Agent } from 'node:http';

const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Closes the idle connections to a host: where one of them turned out to be dead, the others most often are too. */
export function dropIdleSockets(agent: Agent, { hostname, port, protocol }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  // What follows in the agent's names are the options of a request.
  const name = `${host}:${port || PORTS[protocol]}:`;
  const idle = Object.entries(agent.freeSockets).filter(([key]) => key.startsWith(name));
  for (const socket of idle.flatMap(([, sockets]) => sockets ?? [])) socket.destroy();
}
