import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';
import { markdownTable } from './markdown-table.ts';
import { median } from './median.ts';
import { type FirstCall, timeToFirstCall } from './start/first-call.ts';
import { officialEcs, targets } from './start/subjects.ts';
import { writeBetweenMarkers } from './write-between-markers.ts';

/**
 * npm run bench -- start [--runs N] [--official-ecs CHECKOUT]: from the start of dist/main.js to the first request that
 * leaves it, for each target, in turns. What it means: docs/performance.md, where a run updates its table.
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
  const subjects = [...targets, ...official];
  const bare: FirstCall[] = [];
  const times = subjects.map((): FirstCall[] => []);
  // The first round only warms the disk's cache.
  for (let run = 0; run <= runs; run += 1) {
    const ofNode = await timeBareNode();
    if (run > 0) bare.push(ofNode);
    for (const [index, subject] of subjects.entries()) {
      const time = await timeToFirstCall(subject);
      if (run > 0) times[index]!.push(time);
    }
  }
  const rows = subjects.map(({ title }, index) => [title, ...describe(times[index]!, bare)]);
  if (checkout === undefined) rows.push(['aws-actions/amazon-ecs-deploy-task-definition', 'absent', '', '', '', '']);
  const head = ['process', `median of ${runs}`, 'least to most', 'of node alone', 'CPU', 'of node alone'];
  const table = markdownTable([head, ['node -e 0, to its end', ...describe(bare, bare)], ...rows]);
  process.stdout.write(`${table}\n`);
  await writeBetweenMarkers(
    path.resolve(import.meta.dirname, '../docs/performance.md'),
    'bench start',
    `${table}\n\n${machine}.`,
  );
}

function describe(times: readonly FirstCall[], bare: readonly FirstCall[]): string[] {
  const wall = times.map(({ wallMs }) => wallMs);
  const [cpu, bareCpu] = [times, bare].map((all) => median(all.map(({ cpuMs }) => cpuMs)));
  const ms = (value: number): string => `${Math.round(value)} ms`;
  const ratio = median(wall) / median(bare.map(({ wallMs }) => wallMs));
  return [
    ms(median(wall)),
    `${ms(Math.min(...wall))} to ${ms(Math.max(...wall))}`,
    `${ratio.toFixed(1)} x`,
    ms(cpu!),
    `${(cpu! / bareCpu!).toFixed(1)} x`,
  ];
}

async function timeBareNode(): Promise<FirstCall> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['-p', 'const { user, system } = process.cpuUsage(); (user + system) / 1e3']);
  const [[output]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
  return { wallMs: performance.now() - startedAt, cpuMs: Number(String(output)) };
}
