import { summary } from '@actions/core';
import type { Io } from '../io/io.ts';
import { describeError } from '../model/errors.ts';
import { isGreen, type Outcome, type RunRecord } from '../model/outcome.ts';
import { writeEvidence } from './evidence.ts';
import { describeForecast } from './forecast.ts';
import { headline, markOf } from './headline.ts';
import { renderSummary } from './summary.ts';

/** Reports the outcome: log, one annotation, job summary, JSON report. Returns the path of the JSON report, or null. */
export async function report(outcome: Outcome, record: RunRecord, io: Io): Promise<string | null> {
  record.finishedAt = io.clock.now();
  io.log.info(`${markOf(outcome)} ${headline(outcome, record)} [${outcome.kind}]`);
  for (const line of record.forecast ? describeForecast(record.forecast) : []) io.log.info(line);
  for (const note of outcome.notes) io.log.info(note);
  if (!isGreen(outcome)) annotate(outcome, record, io);
  // The deployment is over by now: a report that cannot be written must not change the outcome.
  await tryWrite('job summary', io, async () => {
    if (io.env['GITHUB_STEP_SUMMARY']) await summary.addRaw(renderSummary(outcome, record)).write();
  });
  return await tryWrite('report', io, () => writeEvidence(outcome, record, io.env['RUNNER_TEMP'] ?? null));
}

function annotate(outcome: Outcome, record: RunRecord, io: Io): void {
  const { failure, diagnosis } = outcome;
  const hint = diagnosis?.hint ?? failure?.hint;
  const lines = [failure?.message, diagnosis?.cause, hint && `Next step: ${hint}`].filter(Boolean);
  io.log.error(lines.join('\n'), headline(outcome, record));
}

async function tryWrite<T>(what: string, io: Io, write: () => Promise<T>): Promise<T | null> {
  try {
    return await write();
  } catch (error) {
    io.log.warning(`could not write the ${what}: ${describeError(error).message}`);
    return null;
  }
}
