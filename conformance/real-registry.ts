import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A registry server that is a process on this machine, with its own storage. */
export interface RealRegistry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** `user:password`; null: open to anybody. */
  readonly login: string | null;
  close(): Promise<void>;
}

const STARTS_WITHIN_MS = 15_000;

export interface RealRegistryOptions {
  readonly directory: string;
  /** It asks for a user and a password. */
  readonly locked: boolean;
  /** Paths of PEM files; absent: plain http. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** docker-registry. @throws Error with its log where it does not answer in time. */
export async function startRealRegistry(file: string, options: RealRegistryOptions): Promise<RealRegistry> {
  const port = await findFreePort();
  const host = `127.0.0.1:${port}`;
  const config = await writeConfig(options.directory, { port, content: configOf(host, options) });
  const { close, log } = await serve(file, ['serve', config], port);
  if (!options.locked) return { host, login: null, close };
  // Without a file of passwords it makes one with one user, and logs the password.
  const password = /provisioning with default user.* password=(\S+)/.exec(log())?.[1];
  if (password === undefined) throw new Error(`docker-registry named no password: ${log().slice(-1_000)}`);
  return { host, login: `docker:${password}`, close };
}

/** zot: https://zotregistry.dev, open to anybody. @throws Error with its log where it does not answer in time. */
export async function startZot(file: string, directory: string): Promise<RealRegistry> {
  const port = await findFreePort();
  const content = {
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: path.join(directory, 'storage') },
    http: { address: '127.0.0.1', port: String(port), compat: ['docker2s2'] },
    log: { level: 'warn' },
  };
  const config = await writeConfig(directory, { port, content });
  const { close } = await serve(file, ['serve', config], port);
  return { host: `127.0.0.1:${port}`, login: null, close };
}

/** go-containerregistry's, in memory, open to anybody. @throws Error with its log where it does not answer in time. */
export async function startGoRegistry(file: string): Promise<RealRegistry> {
  const port = await findFreePort();
  const { close } = await serve(file, ['--port', String(port)], port);
  return { host: `127.0.0.1:${port}`, login: null, close };
}

async function writeConfig(
  directory: string,
  { port, content }: { readonly port: number; readonly content: unknown },
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, `config-${port}.json`);
  await writeFile(file, JSON.stringify(content));
  return file;
}

async function serve(file: string, args: readonly string[], port: number) {
  const env = { PATH: process.env['PATH'] ?? '', OTEL_TRACES_EXPORTER: 'none' };
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log += text;
    });
  }
  try {
    await waitUntilItListens(port, child);
  } catch (error) {
    await end(child);
    throw new Error(`${path.basename(file)} did not start: ${log.slice(-1_000)}`, { cause: error });
  }
  return { close: () => end(child), log: () => log };
}

function configOf(host: string, { directory, locked, tls }: RealRegistryOptions): unknown {
  const auth = { htpasswd: { realm: 'conformance', path: path.join(directory, 'htpasswd') } };
  // It reads YAML, which JSON is.
  return {
    version: 0.1,
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: path.join(directory, 'storage') } },
    http: { addr: host, ...(tls ? { tls } : {}) },
    ...(locked ? { auth } : {}),
  };
}

async function findFreePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function waitUntilItListens(port: number, child: ChildProcess): Promise<void> {
  const endAt = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < endAt) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (await listens(port)) return;
    await sleep(50);
  }
  throw new Error(`no answer within ${STARTS_WITHIN_MS} ms`);
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = net.connect(port, '127.0.0.1');
  socket.on('connect', () => resolve(true));
  socket.on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
