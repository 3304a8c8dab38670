import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SimulatedHost, SimulatedRequest } from '../../../simulators/edge/host.ts';
import type { Clock } from '../../../src/io/clock.ts';
import { openHttp } from '../../../src/io/http.ts';
import type { Log } from '../../../src/io/log.ts';
import type { Keychain } from '../../../src/model/keychain.ts';
import { openRegistryClient, type RegistryClient } from '../../../src/registry/client.ts';

export interface SeenRequest {
  /** `registry:PUT manifest` */
  readonly operation: string;
  readonly url: URL;
  readonly authorization: string | null;
  readonly completed: boolean;
}

/** May answer (true) or break a request before the host sees it. */
export type Intercept = (request: http.IncomingMessage, response: http.ServerResponse) => boolean;

export interface ServedHost {
  /** `127.0.0.1:<port>` */
  readonly registry: string;
  readonly seen: SeenRequest[];
  intercept: Intercept;
  /** Operations with this name that arrived whole. */
  count(operation: string): number;
}

/** Real sockets on this machine, so that bodies really stream. Closed by `closeServers`. */
export async function serve(host: SimulatedHost): Promise<ServedHost> {
  const seen: SeenRequest[] = [];
  const served: ServedHost = {
    registry: '',
    seen,
    intercept: () => false,
    count: (operation) => seen.filter((request) => request.completed && request.operation === operation).length,
  };
  const server = http.createServer(async (incoming, outgoing) => {
    const request = toRequest(incoming, Buffer.alloc(0));
    const { operation } = host.nameCall(request);
    const record = { operation, url: request.url, authorization: request.headers['authorization'] ?? null };
    if (served.intercept(incoming, outgoing)) return void seen.push({ ...record, completed: false });
    try {
      const body = Buffer.concat(await incoming.toArray());
      const answer = await host.handle({ ...request, body });
      seen.push({ ...record, completed: true });
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      seen.push({ ...record, completed: false });
      outgoing.destroy();
    }
  });
  const registry = await listen(server);
  return Object.assign(served, { registry });
}

function toRequest(incoming: http.IncomingMessage, body: Buffer): SimulatedRequest {
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
  return { method: incoming.method ?? 'GET', url, headers: incoming.headers as Record<string, string>, body };
}

const servers: http.Server[] = [];

export async function listen(server: http.Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function closeServers(): void {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}

export interface ManualClock extends Clock {
  readonly sleeps: number[];
  advance(ms: number): void;
}

/** Sleeping takes no time and moves the clock. */
export function manualClock(): ManualClock {
  let now = Date.UTC(2026, 0, 1);
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleeps.push(ms);
      now += ms;
    },
  };
}

export interface MemoryLog extends Log {
  readonly lines: string[];
  readonly masked: string[];
}

export function memoryLog(): MemoryLog {
  const lines: string[] = [];
  const masked: string[] = [];
  const write = (message: string): void => void lines.push(message);
  return {
    lines,
    masked,
    info: write,
    exact: write,
    debug: write,
    notice: write,
    warning: write,
    error: write,
    foreign: (all) => all.forEach(write),
    hide: () => {},
    maskValues: () => {},
    redact: (text) => text,
    warnings: () => [],
    close: () => {},
    mask: (secret) => void masked.push(secret),
    group: (_title, body) => body(),
  };
}

export function openClient(
  options: {
    keychain?: Keychain;
    keychains?: readonly Keychain[];
    clock?: Clock;
    log?: Log;
    signal?: AbortSignal;
    deadline?: number;
  } = {},
): RegistryClient {
  return openRegistryClient({
    http: openHttp({}),
    clock: options.clock ?? manualClock(),
    log: options.log ?? memoryLog(),
    keychains: options.keychains ?? (options.keychain ? [options.keychain] : []),
    signal: options.signal ?? new AbortController().signal,
    ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
  });
}
