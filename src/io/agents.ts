import http from 'node:http';
import https from 'node:https';
import type { DeployError } from '../model/errors.ts';
import { keepTunnelsClosable } from './closable-tunnels.ts';
import { limitConnecting } from './connect-limit.ts';
import { dropDeadTogether } from './idle-sockets.ts';

// Node's own 64 KB stop and start a socket for every chunk that it reads.
const SOCKET_BUFFER_BYTES = 128 * 1024;
export const AGENT_OPTIONS = { keepAlive: true, maxSockets: 64, highWaterMark: SOCKET_BUFFER_BYTES };

export interface Agents {
  readonly 'http:': http.Agent;
  readonly 'https:': https.Agent;
}

/** What the end of the run ends. */
export type Ends = Set<(reason: DeployError) => void>;

/** `ends`: of agents that take a proxy; null: they take none. */
export function openAgents(options: https.AgentOptions, ends: Ends | null): Agents {
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
  ends?.add(keepTunnelsClosable(agents['https:']));
  for (const agent of Object.values(agents)) {
    limitConnecting(agent);
    dropDeadTogether(agent);
  }
  return agents;
}

/** The agents of a proxy, which are made once; without a proxy: the usual ones. */
export function openProxyAgents(usual: Agents, ends: Ends): (proxy?: string) => Agents {
  const opened = new Map<string, Agents>();
  return (proxy) => {
    if (proxy === undefined) return usual;
    const options = { ...AGENT_OPTIONS, proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
    const agents = opened.get(proxy) ?? openAgents(options, ends);
    opened.set(proxy, agents);
    return agents;
  };
}
