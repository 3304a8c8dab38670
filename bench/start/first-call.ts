import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that makes an API call some time after it was started. */
export interface Subject {
  readonly title: string;
  /**
   * Starts it, and resolves or rejects when it has ended. `server`: an address that takes requests, and CONNECT as a
   * proxy. `onStart` wants the process as soon as there is one.
   */
  readonly run: (server: string, onStart: (child: ChildProcess) => void) => Promise<unknown>;
}

const GIVES_UP_AFTER_MS = 20_000;

/** In milliseconds, from the start of the process to the first request that leaves it. */
export interface FirstCall {
  readonly wallMs: number;
  /** Of all its threads, which a busy machine does not change much. NaN where /proc does not tell. */
  readonly cpuMs: number;
}

/** The process is ended at its first request. @throws Error when it makes none. */
export async function timeToFirstCall({ title, run }: Subject): Promise<FirstCall> {
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const times = { started: Number.NaN, called: Number.NaN, cpuMs: Number.NaN };
  let child: ChildProcess | null = null;
  for (const event of ['request', 'connect']) {
    server.on(event, () => {
      if (!Number.isNaN(times.called)) return;
      times.called = performance.now();
      times.cpuMs = readCpuMs(child?.pid ?? 0);
      child?.kill('SIGKILL');
    });
  }
  const { port } = server.address() as AddressInfo;
  const ended = run(`http://127.0.0.1:${port}`, (started) => {
    if (child) return;
    times.started = performance.now();
    child = started;
    const limit = setTimeout(() => started.kill('SIGKILL'), GIVES_UP_AFTER_MS);
    started.once('exit', () => clearTimeout(limit));
  });
  const said = await ended.catch((error: unknown) => error);
  server.close();
  server.closeAllConnections();
  if (Number.isNaN(times.called)) throw new Error(`${title} made no call`, { cause: said });
  return { wallMs: times.called - times.started, cpuMs: times.cpuMs };
}

/** https://docs.kernel.org/scheduler/sched-stats.html: nanoseconds on a processor, thread by thread. */
function readCpuMs(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ns = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return ns.reduce((sum, one) => sum + one, 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}
