import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../conformance/run-program.ts';
import type { BenchImage } from './bench-images.ts';

/** One copy, as every tool is asked for it. */
export interface Route {
  readonly isTls: boolean;
  readonly image: BenchImage;
  /** `host:port` */
  readonly from: string;
  readonly to: string;
  readonly source: { readonly repository: string; readonly tag: string };
  readonly destination: { readonly repository: string; readonly tag: string };
}

export type ToolKind = 'ours' | 'raw' | 'default' | 'tuned' | 'retrying';

export interface Tool {
  readonly name: string;
  readonly kind: ToolKind;
  readonly version: string;
  command(route: Route): readonly string[];
}

export interface Tools {
  readonly present: readonly Tool[];
  /** `name: why` */
  readonly absent: readonly string[];
}

const FOLDER = path.resolve(import.meta.dirname, '../../.referees/bin');
const NOT_INSTALLED = 'not installed (bench/copy/install does that)';

interface Peer {
  readonly name: string;
  readonly version: readonly string[];
  readonly variants: readonly { readonly flags: readonly string[]; readonly kind: ToolKind }[];
  readonly command: (program: string, flags: readonly string[], route: Route) => readonly string[];
}

const peers: readonly Peer[] = [
  {
    name: 'crane',
    version: ['version'],
    variants: [variant('default'), variant('tuned', '--jobs', '32')],
    command: (program, flags, route) => [program, 'copy', ...flags, ...namesOf(route)],
  },
  {
    name: 'oras',
    version: ['version'],
    variants: [variant('default'), variant('tuned', '--concurrency', '32')],
    command: (program, flags, route) => {
      const plain = route.isTls ? [] : ['--from-plain-http', '--to-plain-http'];
      return [program, 'copy', '--no-tty', ...plain, ...flags, ...namesOf(route)];
    },
  },
  {
    name: 'skopeo',
    version: ['--version'],
    variants: [
      variant('default'),
      variant('tuned', '--image-parallel-copies', '32'),
      variant('retrying', '--retry-times', '3'),
    ],
    command: (program, flags, route) => {
      const plain = route.isTls ? [] : ['--src-tls-verify=false', '--dest-tls-verify=false'];
      const names = namesOf(route).map((name) => `docker://${name}`);
      return [program, '--insecure-policy', 'copy', '--all', ...plain, ...flags, ...names];
    },
  },
  {
    name: 'regctl',
    version: ['version', '--format', '{{.VCSTag}}'],
    variants: [variant('default')],
    command: (program, flags, route) => {
      const hosts = [...new Set([route.from, route.to])];
      const plain = route.isTls ? [] : hosts.map((host) => `--host=reg=${host},tls=disabled`);
      return [program, 'image', 'copy', ...plain, ...flags, ...namesOf(route)];
    },
  },
];

/** Ours and the raw limit first, then every peer that is installed, in .referees/bin or on the PATH. */
export async function findTools(ourCopy: string): Promise<Tools> {
  const present: Tool[] = [ours(ourCopy), raw()];
  const absent: string[] = [];
  for (const peer of peers) {
    const program = findProgram(peer.name, [FOLDER]) ?? findProgram(peer.name);
    if (program === null) {
      absent.push(`${peer.name}: ${NOT_INSTALLED}`);
      continue;
    }
    const version = /\d+\.\d+\.\d+[\w.-]*/.exec(await say(program, peer.version))?.[0] ?? 'of unknown version';
    for (const { flags, kind } of peer.variants) {
      const name = [peer.name, ...flags].join(' ');
      const knows = flags.length === 0 || (await say(program, ['copy', '--help'])).includes(flags[0]!);
      if (!knows) absent.push(`${name}: version ${version} has no such option`);
      else present.push({ name, kind, version, command: (route) => peer.command(program, flags, route) });
    }
  }
  return { present, absent };
}

function ours(file: string): Tool {
  const command = ({ from, to, source, destination }: Route): readonly string[] => [
    process.execPath,
    file,
    `${from}/${source.repository}:${source.tag}`,
    `${to}/${destination.repository}`,
    destination.tag,
  ];
  return { name: 'deploy-agent', kind: 'ours', version: 'this source', command };
}

function raw(): Tool {
  const file = path.join(import.meta.dirname, 'raw-copy.ts');
  const command = ({ isTls, image, from, to, source, destination }: Route): readonly string[] => {
    const scheme = isTls ? 'https' : 'http';
    const blobs = JSON.stringify(image.blobs.map(({ digest, size }) => ({ digest, size })));
    const [read, write] = [`${from}/v2/${source.repository}`, `${to}/v2/${destination.repository}`];
    return [process.execPath, file, blobs, `${scheme}://${read}`, `${scheme}://${write}`];
  };
  return { name: 'raw limit', kind: 'raw', version: 'Node', command };
}

function variant(kind: ToolKind, ...flags: readonly string[]) {
  return { kind, flags };
}

function namesOf({ from, to, source, destination }: Route): readonly [string, string] {
  return [`${from}/${source.repository}:${source.tag}`, `${to}/${destination.repository}:${destination.tag}`];
}

async function say(program: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(program, args);
  return stdout + stderr;
}
