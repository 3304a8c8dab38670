import type http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pace } from './pace.ts';
import type { State } from './state.ts';

export const REQUEST_MS = 40;

/** One connection. */
export interface Line {
  readonly opensAt: number;
  readonly up: Pace;
  readonly down: Pace;
}

export interface Exchange {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly url: URL;
  readonly line: Line;
  readonly state: State;
  readonly repository: string;
  /** What follows `manifests/` or `blobs/`. */
  readonly reference: string;
}

export async function reply(
  { request, response }: Exchange,
  status: number,
  { headers = {}, body = '' }: { readonly headers?: http.OutgoingHttpHeaders; readonly body?: string | Buffer } = {},
): Promise<void> {
  request.resume();
  await sleep(REQUEST_MS);
  // Also to a HEAD, as registries do: Node gives up a connection whose answer names no length.
  response.writeHead(status, { 'content-length': body.length, ...headers });
  response.end(body);
}
