// `npm run faults`: hurts runs of the action in every way that it knows, and checks what is promised: docs/reliability.md.
import type { Case } from './cases.ts';
import { KINDS } from './kinds.ts';
import { type Options, readOptions } from './options.ts';
import { Tally } from './tally.ts';
import { openWorkers, type Workers } from './workers.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const PROGRESS_EVERY_MS = 20_000;

const options = readOptions(process.argv.slice(2));
const workers = openWorkers(options.workers, options.isFresh ? ['--fresh'] : []);
try {
  const cases = await listCases(workers, options);
  say(`${cases.length} cases, seed ${options.seed}`);
  const tally = await playAll(workers, cases);
  for (const line of tally.describe()) say(line);
  process.exitCode = tally.broken > 0 ? 1 : 0;
} finally {
  workers.close();
}

async function listCases(of: Workers, { rows, kinds, at, variant, every, seed }: Options): Promise<readonly Case[]> {
  const all: Case[] = [];
  for (const row of rows) {
    const recordings = await of.record(row);
    for (const kind of KINDS) {
      if (kinds.length > 0 && !kinds.includes(kind.name)) continue;
      all.push(...kind.list(row, recordings).map((one) => ({ row, kind: kind.name, seed, ...one })));
    }
  }
  const chosen = all.filter((one) => (at ?? one.at) === one.at && (variant === null || one.variant.includes(variant)));
  return chosen.filter((_, index) => index % every === 0);
}

async function playAll(on: Workers, cases: readonly Case[]): Promise<Tally> {
  const tally = new Tally();
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const rate = tally.played / ((performance.now() - startedAt) / 1_000);
    say(`${tally.played} of ${cases.length} played (${rate.toFixed(1)} a second), ${tally.broken} half-done`);
  }, PROGRESS_EVERY_MS);
  await on.playAll(cases, (played, verdict) => tally.add(played, verdict));
  clearInterval(timer);
  const seconds = (performance.now() - startedAt) / 1_000;
  say(`${tally.played} played in ${seconds.toFixed(0)} s, ${(tally.played / seconds).toFixed(1)} a second`);
  return tally;
}
