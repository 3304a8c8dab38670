import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';
import { markdownTable } from './markdown-table.ts';
import { median } from './median.ts';
import { timeToFirstCall } from './start/first-call.ts';
import { bareNode, officialEcs, targets } from './start/subjects.ts';
import { writeBetweenMarkers } from './write-between-markers.ts';

/**
 * npm run bench -- start [--runs N] [--official-ecs CHECKOUT]: from the start of dist/main.js to the first request that
 * leaves it, for each target, in turns. What it means: docs/performance.md, where a run writes its table anew.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '11' }, 'official-ecs': { type: 'string' } },
});
const directory = await mkdtemp(path.join(tmpdir(), 'bench-start-'));
try {
  await benchStart(Number(values.runs), values['official-ecs']);
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function benchStart(runs: number, checkout: string | undefined): Promise<void> {
  const machine = describeMachine();
  const taskDefinition = path.join(directory, 'task-definition.json');
  await writeFile(taskDefinition, JSON.stringify({ family: 'agent', containerDefinitions: [{ name: 'web' }] }));
  const official = checkout === undefined ? [] : [officialEcs(checkout, taskDefinition)];
  const subjects = [bareNode, ...targets, ...official];
  const times = subjects.map((): number[] => []);
  // The first round only warms the disk's cache.
  for (let run = 0; run <= runs; run += 1) {
    for (const [index, subject] of subjects.entries()) {
      const ms = await timeToFirstCall(subject);
      if (run > 0) times[index]!.push(ms);
    }
  }
  const rows = subjects.map(({ title }, index) => [title, ...describe(times[index]!)]);
  if (checkout === undefined) rows.push(['aws-actions/amazon-ecs-deploy-task-definition', 'absent', '']);
  const table = markdownTable([['process', `median of ${runs}`, 'least to most'], ...rows]);
  process.stdout.write(`${table}\n`);
  await writeBetweenMarkers(
    path.resolve(import.meta.dirname, '../docs/performance.md'),
    'bench start',
    `${table}\n\n${machine}.`,
  );
}

function describe(times: readonly number[]): readonly string[] {
  const ms = (value: number): string => `${Math.round(value)} ms`;
  return [ms(median(times)), `${ms(Math.min(...times))} to ${ms(Math.max(...times))}`];
}
