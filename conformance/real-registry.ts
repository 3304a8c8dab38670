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

/** docker-registry; `locked`: it asks for a user and a password. @throws Error with its log where it does not answer. */
export async function startRealRegistry(
  file: string,
  { directory, locked }: { readonly directory: string; readonly locked: boolean },
): Promise<RealRegistry> {
  const host = `127.0.0.1:${await findFreePort()}`;
  const config = await writeConfig(directory, configOf({ host, directory, locked }));
  const { close, log } = await serve(file, ['serve', config], host);
  if (!locked) return { host, login: null, close };
  // Without a file of passwords it makes one with one user, and logs the password.
  const password = /provisioning with default user.* password=(\S+)/.exec(log())?.[1];
  if (password === undefined) throw new Error(`docker-registry named no password: ${log().slice(-1_000)}`);
  return { host, login: `docker:${password}`, close };
}

/** zot: https://zotregistry.dev, open to anybody. @throws Error with its log where it does not answer. */
export async function startZot(file: string, directory: string): Promise<RealRegistry> {
  const port = await findFreePort();
  const config = await writeConfig(directory, {
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: path.join(directory, 'storage') },
    http: { address: '127.0.0.1', port: String(port), compat: ['docker2s2'] },
    log: { level: 'warn' },
  });
  const host = `127.0.0.1:${port}`;
  const { close } = await serve(file, ['serve', config], host);
  return { host, login: null, close };
}

/** The registry of go-containerregistry, in memory, open to anybody. @throws Error with its log where it does not answer. */
export async function startGoRegistry(file: string): Promise<RealRegistry> {
  const port = await findFreePort();
  const host = `127.0.0.1:${port}`;
  const { close } = await serve(file, ['--port', String(port)], host);
  return { host, login: null, close };
}

async function writeConfig(directory: string, config: unknown): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, 'config.json');
  await writeFile(file, JSON.stringify(config));
  return file;
}

async function serve(file: string, args: readonly string[], host: string) {
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
    await waitUntilItAnswers(host, child);
  } catch (error) {
    await end(child);
    throw new Error(`${path.basename(file)} did not start: ${log.slice(-1_000)}`, { cause: error });
  }
  return { close: () => end(child), log: () => log };
}

function configOf(options: { readonly host: string; readonly directory: string; readonly locked: boolean }): unknown {
  const auth = { htpasswd: { realm: 'conformance', path: path.join(options.directory, 'htpasswd') } };
  // It reads YAML, which JSON is.
  return {
    version: 0.1,
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: path.join(options.directory, 'storage') } },
    http: { addr: options.host },
    ...(options.locked ? { auth } : {}),
  };
}

async function findFreePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function waitUntilItAnswers(host: string, child: ChildProcess): Promise<void> {
  const endAt = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < endAt) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const status = await fetch(`http://${host}/v2/`).then(
      (response) => response.status,
      () => null,
    );
    if (status === 200 || status === 401) return;
    await sleep(50);
  }
  throw new Error(`no answer within ${STARTS_WITHIN_MS} ms`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
