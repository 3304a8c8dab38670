import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { runSmokeTests, type SmokeTestRun } from '../../../../src/engine/smoke-tests/run-smoke-tests.ts';
import { parseSmokeTests } from '../../../../src/inputs/smoke-tests.ts';
import { type Clock, systemClock } from '../../../../src/io/clock.ts';
import { openExec } from '../../../../src/io/exec.ts';
import { openFiles } from '../../../../src/io/files.ts';
import { openHttp } from '../../../../src/io/http.ts';
import type { Io } from '../../../../src/io/io.ts';
import { harmless } from '../../../../src/io/log.ts';
import { neverAborted } from '../../../../src/io/signals.ts';
import type { SmokeTestResult } from '../../../../src/model/smoke-test.ts';

/** Time that passes only in `sleep`. */
export function steppingClock(): Clock & { advance(ms: number): void } {
  let now = 1_000_000;
  return {
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
    },
    advance: (ms) => {
      now += ms;
    },
  };
}

export interface World {
  readonly io: Io;
  /** What the runner would show: the log writes through `harmless`, as the real one does. */
  readonly printed: string[];
  readonly foreign: string[];
  run(yaml: string, run?: Partial<SmokeTestRun>): Promise<readonly SmokeTestResult[]>;
}

export function openWorld(options: { clock?: Clock; env?: Io['env']; signal?: AbortSignal } = {}): World {
  const printed: string[] = [];
  const foreign: string[] = [];
  const { clock = steppingClock(), signal = neverAborted } = options;
  const print = (message: string): void => void printed.push(harmless(message));
  const io: Io = {
    clock,
    http: openHttp({}),
    files: openFiles(options.env ?? {}),
    exec: openExec(clock),
    log: {
      info: print,
      exact: print,
      debug: print,
      notice: print,
      warning: print,
      error: print,
      foreign: (lines) => void foreign.push(...lines.map(harmless)),
      hide: () => {},
      maskValues: () => {},
      redact: (text) => text,
      warnings: () => [],
      close: () => {},
      mask: () => {},
      group: (_title, body) => body(),
    },
    state: { save: () => {}, read: () => '' },
    env: options.env ?? { PATH: process.env['PATH'] },
  };
  return {
    io,
    printed,
    foreign,
    run(yaml, run = {}) {
      const tests = parseSmokeTests(yaml, { readFile: () => '' });
      const defaults = { tests, endpoint: null, revision: 'agent:42', image: 'r.io/agent@sha256:abc', signal };
      return runSmokeTests({ ...defaults, deadline: clock.now() + 3_600_000, ...run }, io);
    },
  };
}

export { systemClock };

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Service {
  readonly url: string;
  readonly received: ReceivedRequest[];
  close(): Promise<void>;
}

type Answer = (request: ReceivedRequest, response: http.ServerResponse) => void;

const opened: Service[] = [];

/** A real server on 127.0.0.1 that notes what it receives. */
export async function openService(answer: Answer): Promise<Service> {
  const received: ReceivedRequest[] = [];
  const server = http.createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = incoming;
    const request = { method, path: url, headers, body: Buffer.concat(chunks) };
    received.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  opened.push(service);
  return service;
}

export async function closeServices(): Promise<void> {
  await Promise.all(opened.splice(0).map((service) => service.close()));
}

/** Answers one request after the other; the last answer stays. */
export function answersInTurn(...answers: Answer[]): Answer {
  let turn = 0;
  return (request, response) => answers[Math.min(turn++, answers.length - 1)]!(request, response);
}

export const answer =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };
