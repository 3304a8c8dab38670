// What crane and regctl make of each row of rows.json, written to peers.json beside it. Both are built by bench/copy/install.
// `node conformance/registry-answers/peers.ts`: some minutes, as they wait before they try again. With parts of the names of rows: only
// these, and what is recorded of the others stays.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { givenAnswers, isArrived } from '../../__tests__/unit/registry/play-answers.ts';
import { closeServers } from '../../__tests__/unit/registry/world.ts';
import { findProgram, runProgram, runWell } from '../run-program.ts';
import type { AnswerRow } from './answer-with.ts';
import { answerRows } from './rows.ts';

interface Peer {
  readonly name: string;
  readonly version: readonly string[];
  /** Arguments that copy from one name to the other. */
  copy(source: string, destination: string): readonly string[];
}

const peers: readonly Peer[] = [
  { name: 'crane', version: ['version'], copy: (source, destination) => ['copy', source, destination] },
  {
    name: 'regctl',
    version: ['version', '--format', '{{.VCSTag}}'],
    copy: (source, destination) => {
      const hosts = new Set([source, destination].map((name) => name.slice(0, name.indexOf('/'))));
      return [
        ...[...hosts].flatMap((host) => ['--host', `reg=${host},tls=disabled`]),
        'image',
        'copy',
        source,
        destination,
      ];
    },
  },
];
const PATIENCE_MS = 45_000;
const AT_ONCE = 4;

const file = path.join(import.meta.dirname, 'peers.json');
const parts = process.argv.slice(2);
const rows = answerRows.filter(({ when }) => parts.length === 0 || parts.some((part) => when.includes(part)));
const directory = await mkdtemp(path.join(tmpdir(), 'peers-'));
const results = parts.length === 0 ? {} : await readRecord();
const versions: Record<string, string> = {};
try {
  for (const peer of peers) {
    const program = findProgram(peer.name, [path.resolve(import.meta.dirname, '../../.referees/bin')]);
    if (program === null) throw new Error(`${peer.name} is not installed: bench/copy/install does that`);
    versions[peer.name] = (await runWell(program, peer.version)).trim();
    const queue = [...rows];
    const work = async (): Promise<void> => {
      for (let row = queue.shift(); row; row = queue.shift()) {
        const result = await play(row, peer, program);
        results[row.when] = { ...results[row.when], [peer.name]: result };
        process.stdout.write(`${peer.name}: ${row.when}: ${result}\n`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    closeServers();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
const ordered = Object.fromEntries(answerRows.map(({ when }) => [when, results[when]]));
const record = { recorded: new Date().toISOString().slice(0, 10), versions, results: ordered };
await writeFile(file, `${JSON.stringify(record, null, 2)}\n`);

async function readRecord(): Promise<Record<string, Record<string, string>>> {
  const { results } = JSON.parse(await readFile(file, 'utf8')) as { results: Record<string, Record<string, string>> };
  return results;
}

async function play(row: AnswerRow, peer: Peer, program: string): Promise<string> {
  const pair = await givenAnswers(row);
  const names = [
    `${pair.source.served.registry}/acme/agent:v1`,
    `${pair.destination.served.registry}/prod/agent:v1`,
  ] as const;
  const env = { HOME: directory, DOCKER_CONFIG: directory, REGCTL_CONFIG: path.join(directory, 'regctl.json') };
  const { exitCode } = await runProgram(program, peer.copy(...names), { env, timeoutMs: PATIENCE_MS });
  if (exitCode === null) return `no end in ${PATIENCE_MS / 1_000} s`;
  if (exitCode !== 0) return 'fails';
  return isArrived(pair) ? 'copied' : 'says copied, is not';
}
