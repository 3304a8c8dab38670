// `npm run faults`: disturbs runs of the action in every way that it knows, and checks what docs/reliability.md promises.
import { type Case, commandFor } from './cases.ts';
import { writeFigures } from './figures.ts';
import { chooseSlice, listCases } from './list-cases.ts';
import { readOptions } from './options.ts';
import { Tally } from './tally.ts';
import { openWorkers, type Workers } from './workers.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const PROGRESS_EVERY_MS = 20_000;

const options = readOptions(process.argv.slice(2));
const { seed, slice, every, processes, isForDocument } = options;
const workers = openWorkers(options.workers, processes ? [`--${processes}`] : []);
try {
  const all = await listCases((row) => workers.record(row), options);
  const chosen = slice === null ? all : chooseSlice(all, slice, seed);
  const cases = chosen.filter((_, index) => index % every === 0);
  say(`${cases.length} cases, seed ${seed}`);
  const tally = await playAll(workers, cases);
  for (const line of tally.describe()) say(line);
  process.exitCode = tally.broken > 0 ? 1 : 0;
  if (isForDocument) await writeFigures(tally, every);
} finally {
  workers.close();
}

async function playAll(on: Workers, cases: readonly Case[]): Promise<Tally> {
  const tally = new Tally();
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const rate = tally.played / ((performance.now() - startedAt) / 1_000);
    say(`${tally.played} of ${cases.length} played (${rate.toFixed(1)} a second), ${tally.broken} half-done`);
  }, PROGRESS_EVERY_MS);
  await on.playAll(cases, (played, verdict) => {
    tally.add(played, verdict);
    // At once: the whole takes most of an hour.
    if (verdict.violations.length > 0) say(`half-done: ${commandFor(played)}`);
  });
  clearInterval(timer);
  tally.seconds = (performance.now() - startedAt) / 1_000;
  say(`${tally.played} played in ${tally.seconds.toFixed(0)} s, ${(tally.played / tally.seconds).toFixed(1)} a second`);
  return tally;
}
