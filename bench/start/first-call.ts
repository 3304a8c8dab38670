import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { runStage } from '../../simulators/runner.ts';

/** Something that makes an API call some time after it was started. */
export interface Subject {
  readonly title: string;
  /** What the runner starts with node; null: node alone, to its end. */
  readonly entry: string | null;
  readonly inputs: Readonly<Record<string, string>>;
  /** `server`: an address that takes requests, and CONNECT as a proxy. */
  readonly env: (server: string) => Readonly<Record<string, string>>;
}

const GIVES_UP_AFTER_MS = 20_000;

/** Milliseconds from the start of the process to the first request that leaves it. It is ended then. */
export async function timeToFirstCall(subject: Subject): Promise<number> {
  if (subject.entry === null) return await timeOfBareNode();
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const calledAt = new Promise<number>((resolve) => {
    for (const event of ['request', 'connect']) server.once(event, () => resolve(performance.now()));
  });
  try {
    const { port } = server.address() as AddressInfo;
    return await startAndWait({ ...subject, entry: subject.entry }, { address: `http://127.0.0.1:${port}`, calledAt });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function startAndWait(
  { title, entry, inputs, env }: Subject & { readonly entry: string },
  { address, calledAt }: { readonly address: string; readonly calledAt: Promise<number> },
): Promise<number> {
  let elapsedMs: number | null = null;
  const end = await runStage({
    entry,
    inputs,
    env: env(address),
    onStart(child) {
      const startedAt = performance.now();
      const kill = (): void => void child.kill('SIGKILL');
      const limit = setTimeout(kill, GIVES_UP_AFTER_MS);
      child.once('exit', () => clearTimeout(limit));
      void calledAt.then((at) => {
        elapsedMs = at - startedAt;
        kill();
      });
    },
  });
  if (elapsedMs === null) throw new Error(`${title} made no call: ${end.log.slice(-2_000)}`);
  return elapsedMs;
}

async function timeOfBareNode(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - startedAt;
}
