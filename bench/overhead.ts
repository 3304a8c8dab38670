import path from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from './markdown-table.ts';
import { median } from './median.ts';
import { type Measured, measureDeploy } from './overhead/measure-deploy.ts';
import { type Rollout, rollouts } from './overhead/rollouts.ts';
import { writeBetweenMarkers } from './write-between-markers.ts';

/**
 * npm run bench -- overhead [--runs N]: how much later than the platform's own "done" our step ends, and how many calls
 * it makes, by whole runs of dist/ in virtual time. What it means: docs/performance.md, where a run writes its table anew.
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' } } });
const runs = Number(values.runs);
const rows = [['rollout', 'took', 'after "done": median', 'most', 'calls', 'calls a minute']];
const all: Measured[] = [];
for (const rollout of rollouts) {
  for (const hasHistory of [true, false]) {
    const measured = await measureAll(rollout, hasHistory);
    rows.push([`${rollout.title}${hasHistory ? '' : '; first of its kind'}`, ...describe(measured)]);
    all.push(...measured);
  }
}
const table = markdownTable(rows);
const together = `All together: ${seconds(median(all.map(({ overheadMs }) => overheadMs)))} after "done" (median of ${all.length}), ${perMinute(all).toFixed(1)} calls a minute.`;
process.stdout.write(`${table}\n\n${together}\n`);
const document = path.resolve(import.meta.dirname, '../docs/performance.md');
await writeBetweenMarkers(document, 'bench overhead', `${table}\n\nMedians of ${runs}. ${together}`);
process.exit();

/** The drain of each run, and of the rollout before it, differs; so does the fraction of a second in which it begins. */
async function measureAll({ ...rollout }: Rollout, hasHistory: boolean): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (let run = 0; run < runs; run += 1) {
    const drain = (seed: number): number =>
      Math.round(rollout.drainMs + rollout.jitterMs * (2 * fraction(seed + run) - 1));
    const drainBeforeMs = hasHistory ? drain(100) : null;
    const startsAfterMs = Math.round(10_000 * fraction(run));
    measured.push(await measureDeploy(rollout, { drainBeforeMs, drainMs: drain(200), startsAfterMs }));
  }
  return measured;
}

/** Evenly spread over 0 to 1, the same in every run of the bench. */
function fraction(n: number): number {
  return (n * 0.618_033_988_75) % 1;
}

function describe(measured: readonly Measured[]): string[] {
  const of = (key: keyof Measured): readonly number[] => measured.map((one) => one[key]);
  return [
    seconds(median(of('rolloutMs'))),
    seconds(median(of('overheadMs'))),
    seconds(Math.max(...of('overheadMs'))),
    String(Math.round(median(of('calls')))),
    perMinute(measured).toFixed(1),
  ];
}

function perMinute(measured: readonly Measured[]): number {
  const sum = (key: 'callsAfter' | 'afterMs'): number => measured.reduce((total, one) => total + one[key], 0);
  return sum('callsAfter') / (sum('afterMs') / 60_000);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
