import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writePrivately } from '../io/private-file.ts';
import type { Outcome, RunRecord } from '../model/outcome.ts';
import { historyOf } from './history.ts';
import type { RunFacts } from './run-facts.ts';

/** What a report is made of; its texts are redacted. */
export interface Evidence {
  readonly outcome: Outcome;
  readonly record: RunRecord;
  readonly run: RunFacts;
}

/**
 * Writes the record of the run as JSON to a new folder in `directory` (RUNNER_TEMP), and returns the path of the file.
 * docs/report.schema.json describes it; `schema` is increased when the meaning of a field changes.
 */
export async function writeEvidence(evidence: Evidence, directory: string | null): Promise<string> {
  const folder = await mkdtemp(path.join(directory ?? os.tmpdir(), 'deploy-agent-'));
  const file = path.join(folder, 'report.json');
  writePrivately(file, `${JSON.stringify(evidenceOf(evidence), null, 2)}\n`);
  return file;
}

export function evidenceOf(evidence: Evidence): object {
  const { outcome, record, run } = evidence;
  const { startedAt, finishedAt, phases, traffic, analyses, ...facts } = record;
  const { kind, ...ending } = outcome;
  return {
    schema: 2,
    outcome: kind,
    ...ending,
    history: historyOf(evidence),
    run,
    ...facts,
    startedAt: timeOf(startedAt),
    finishedAt: finishedAt === null ? null : timeOf(finishedAt),
    durationMs: finishedAt === null ? null : finishedAt - startedAt,
    phases: phases.map((phase) => ({ ...phase, startedAt: timeOf(phase.startedAt) })),
    traffic: traffic.map((move) => ({ ...move, at: timeOf(move.at) })),
    analyses: analyses.map((analysis) => ({ ...analysis, startedAt: timeOf(analysis.startedAt) })),
  };
}

/** UTC, ISO 8601. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
