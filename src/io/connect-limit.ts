import type { Agent } from 'node:http';
import type { Socket } from 'node:net';

/** The resolver asks its second server after 5 s, and a lost SYN is sent again after 1, 3 and 7 s. */
const LONGEST_MS = 10_000;

/**
 * Gives up a connection that is not made, for SDKs too: the limit that one of them has leaves a timer behind when the request
 * ends before it is connected, which keeps the process for up to 4 s (set-connection-timeout.js of @smithy/node-http-handler).
 */
export function limitConnecting(agent: Agent, longestMs = LONGEST_MS): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback) as Socket;
    const timer = setTimeout(() => socket.destroy(tooSlow(longestMs)), longestMs).unref();
    for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer));
    return socket;
  };
}

/** With the code that the system has for it, which SDKs know as one that may pass. */
function tooSlow(longestMs: number): Error {
  return Object.assign(new Error(`no connection within ${longestMs / 1_000} s`), { code: 'ETIMEDOUT' });
}
