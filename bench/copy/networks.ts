import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startRealRegistry } from '../../conformance/real-registry.ts';
import { findProgram } from '../../conformance/run-program.ts';
import { createAuthority } from '../../simulators/edge/certificates.ts';
import type { BenchImage } from './bench-images.ts';
import type { Cut } from './cloud/state.ts';
import { pushBenchImage } from './push-bench-image.ts';

/** As the tool sees it; bytes of blobs only. */
export interface Traffic {
  readonly requests: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Two registries and the way to them. The first holds the images as `bench/NAME:v1`, the second nothing. */
export interface BenchNetwork {
  readonly name: string;
  readonly isTls: boolean;
  /** `host:port` */
  readonly source: string;
  readonly destination: string;
  /** Environment that makes a tool trust them. */
  readonly env: Readonly<Record<string, string>>;
  /** Both are again as they were at first. */
  reset(cut: Cut): Promise<void>;
  /** Since it was last asked; null: not counted. */
  traffic(): Promise<Traffic | null>;
  close(): Promise<void>;
}

/** Far registries: our own server, which only looks like one. */
export async function openCloud(): Promise<BenchNetwork> {
  const [source, destination] = await Promise.all([startCloudRegistry(true), startCloudRegistry(false)]);
  const ask = async (query: string): Promise<Traffic> => {
    const both = await Promise.all([source, destination].map(({ host }) => fetch(`http://${host}/bench${query}`)));
    const [from, to] = (await Promise.all(both.map((response) => response.json()))) as [Counts, Counts];
    return {
      requests: from.requests + to.requests,
      bytesRead: from.sent + to.sent,
      bytesWritten: from.received + to.received,
    };
  };
  return {
    name: 'cloud',
    isTls: false,
    source: source.host,
    destination: destination.host,
    env: {},
    reset: async (cut) => void (await ask(`?reset&cut=${cut}`)),
    traffic: () => ask(''),
    close: async () => void (await Promise.all([source.close(), destination.close()])),
  };
}

interface Counts {
  readonly requests: number;
  readonly sent: number;
  readonly received: number;
}

async function startCloudRegistry(isSeeded: boolean) {
  const file = path.join(import.meta.dirname, 'cloud/registry.ts');
  const child = spawn(process.execPath, [file, String(isSeeded)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    host: `127.0.0.1:${String(port).trim()}`,
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/**
 * Near registries: docker-registry on this machine, its storage in memory, plain and with TLS. null: not installed.
 */
export async function openLoopback(images: readonly BenchImage[]): Promise<readonly BenchNetwork[] | null> {
  const program = findProgram('docker-registry');
  if (program === null) return null;
  const directory = await mkdtemp(path.join(await findMemory(), 'bench-'));
  const authority = await createAuthority();
  const certificates = path.join(directory, 'authority.pem');
  await writeFile(certificates, authority.certificatePem);
  const tls = await writeCertificate(directory, await authority.issue(TLS_ADDRESS));
  const start = (name: string, options: object) =>
    startRealRegistry(program, { directory: path.join(directory, name), locked: false, ...options });
  const plain = await Promise.all([start('source', {}), start('destination', {})]);
  const secure = await Promise.all([start('source', { tls }), start('destination', { tls })]);
  for (const image of images) await pushBenchImage(plain[0]!.host, image);
  const reset = (): Promise<void> => forgetCopies(directory);
  const closeAll = async (): Promise<void> => {
    await Promise.all([...plain, ...secure].map((registry) => registry.close()));
    await rm(directory, { recursive: true, force: true });
  };
  const notCounted = async (): Promise<null> => null;
  const [source, destination] = plain.map(({ host }) => host) as [string, string];
  const [tlsSource, tlsDestination] = secure.map(({ host }) => host.replace('127.0.0.1', TLS_ADDRESS)) as [
    string,
    string,
  ];
  const env = { SSL_CERT_FILE: certificates, NODE_EXTRA_CA_CERTS: certificates };
  const common = { reset, traffic: notCounted };
  return [
    { ...common, name: 'loopback', isTls: false, source, destination, env: {}, close: async () => undefined },
    { ...common, name: 'tls', isTls: true, source: tlsSource, destination: tlsDestination, env, close: closeAll },
  ];
}

// Reaches 127.0.0.1, and is no loopback address to the tools, which speak plain http with those.
const TLS_ADDRESS = '0.0.0.0';

async function findMemory(): Promise<string> {
  return await access('/dev/shm').then(
    () => '/dev/shm',
    () => tmpdir(),
  );
}

async function writeCertificate(directory: string, { key, cert }: { readonly key: string; readonly cert: string }) {
  const files = { key: path.join(directory, 'key.pem'), certificate: path.join(directory, 'certificate.pem') };
  await writeFile(files.key, key);
  await writeFile(files.certificate, cert);
  return files;
}

/** It keeps no cache, so what is deleted beside it is gone. */
async function forgetCopies(directory: string): Promise<void> {
  const storage = (name: string, ...rest: string[]): string =>
    path.join(directory, name, 'storage/docker/registry/v2', ...rest);
  const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
  await remove(storage('destination'));
  await mkdir(storage('destination'), { recursive: true });
  await remove(storage('source', 'repositories/copies'));
  await remove(storage('source', 'repositories/bench/index/_manifests/tags/v2'));
}
