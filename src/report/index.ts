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
  const { failure, diagnosis, rollback } = outcome;
  const cause = [failure?.message, diagnosis?.cause];
  const lines = rollback
    ? [`Rollback: ${rollback.failure.message}`, ...nextSteps(rollback.failure.hint, rollback.command), ...cause]
    : [...cause, ...nextSteps(diagnosis?.hint ?? failure?.hint)];
  io.log.error(lines.filter(Boolean).join('\n'), headline(outcome, record));
}

/** What has to be done now comes first: after a rollback that is not done, that is not the first failure's next step. */
function nextSteps(hint: string | null | undefined, command: string | null = null): readonly string[] {
  return [...(hint ? [`Next step: ${hint}`] : []), ...(command ? [`To check or repair it by hand: ${command}`] : [])];
}

async function tryWrite<T>(what: string, io: Io, write: () => Promise<T>): Promise<T | null> {
  try {
    return await write();
  } catch (error) {
    io.log.warning(`could not write the ${what}: ${describeError(error).message}`);
    return null;
  }
}
