import path from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from './markdown-table.ts';
import { median } from './median.ts';
import { cloudRunRollouts } from './overhead/cloud-run-rollouts.ts';
import { containerAppsRollouts } from './overhead/container-apps-rollouts.ts';
import { ecsRollouts } from './overhead/ecs-rollouts.ts';
import { type Measured, measureDeploy } from './overhead/measure-deploy.ts';
import type { Rollout } from './overhead/rollout.ts';
import { writeBetweenMarkers } from './write-between-markers.ts';

/**
 * npm run bench -- overhead [--runs N]: how much later than the platform's own "done" our step ends, and how many calls
 * it makes, by whole runs of dist/ in virtual time. What it means: docs/performance.md, where a run updates its table.
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' } } });
const runs = Number(values.runs);
const rows = [['rollout', 'took', 'after "done": median', 'most', 'calls', 'calls a minute']];
const together: string[] = [];
for (const { name, rollouts } of [
  { name: 'ECS', rollouts: ecsRollouts },
  { name: 'Cloud Run', rollouts: cloudRunRollouts },
  { name: 'Container Apps', rollouts: containerAppsRollouts },
]) {
  const all: Measured[] = [];
  for (const rollout of rollouts) {
    for (const hasHistory of rollout.isRemembered ? [true, false] : [false]) {
      const measured = await measureAll(rollout, hasHistory);
      const isFirst = rollout.isRemembered && !hasHistory;
      rows.push([`${rollout.title}${isFirst ? '; first of its kind' : ''}`, ...describe(measured)]);
      all.push(...measured);
    }
  }
  const overhead = seconds(median(all.map(({ overheadMs }) => overheadMs)));
  together.push(
    `${name}: ${overhead} after "done" (median of ${all.length}), ${perMinute(all).toFixed(1)} calls a minute.`,
  );
}
const text = `${markdownTable(rows)}\n\nMedians of ${runs}. All rollouts together:\n\n${together.map((line) => `- ${line}`).join('\n')}`;
process.stdout.write(`${text}\n`);
await writeBetweenMarkers(path.resolve(import.meta.dirname, '../docs/performance.md'), 'bench overhead', text);
process.exit();

/** The part that differs is another in each run, and in the rollout before; so is the fraction of a second in which it begins. */
async function measureAll(rollout: Rollout, hasHistory: boolean): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (let run = 0; run < runs; run += 1) {
    const partMs = (seed: number): number =>
      Math.round(rollout.partMs + rollout.jitterMs * (2 * fraction(seed + run) - 1));
    const part = { ms: partMs(200), beforeMs: hasHistory ? partMs(100) : null };
    measured.push(await measureDeploy(rollout, { part, startsAfterMs: Math.round(10_000 * fraction(run)) }));
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
