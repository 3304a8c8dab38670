import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Outcome, RunRecord } from '../model/outcome.ts';

/**
 * Writes the record of the run as JSON to a new folder in `directory` (RUNNER_TEMP), and returns the path of the file.
 * `schema` is increased when the meaning of a field changes.
 */
export async function writeEvidence(outcome: Outcome, record: RunRecord, directory: string | null): Promise<string> {
  const folder = await mkdtemp(path.join(directory ?? os.tmpdir(), 'deploy-agent-'));
  const file = path.join(folder, 'report.json');
  await writeFile(file, `${JSON.stringify(evidenceOf(outcome, record), null, 2)}\n`, { mode: 0o600 });
  return file;
}

export function evidenceOf(outcome: Outcome, record: RunRecord): object {
  const { startedAt, finishedAt, phases, ...facts } = record;
  const { kind, ...ending } = outcome;
  return {
    schema: 1,
    outcome: kind,
    ...ending,
    ...facts,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
    phases: phases.map((phase) => ({ ...phase, startedAt: new Date(phase.startedAt).toISOString() })),
  };
}
