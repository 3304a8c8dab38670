import { summary } from '@actions/core';
import type { Io } from '../io/io.ts';
import type { Log } from '../io/log.ts';
import { describeError } from '../model/errors.ts';
import { mapFailure, mapTexts } from '../model/map-texts.ts';
import { isGreen, type Outcome, type RunRecord } from '../model/outcome.ts';
import { troubleshootingUrl } from '../model/troubleshooting-url.ts';
import { type Evidence, writeEvidence } from './evidence.ts';
import { describeForecast } from './forecast.ts';
import { furtherCause } from './further-cause.ts';
import { describeMove, headline, markOf } from './headline.ts';
import { historyOf } from './history.ts';
import { readSafeRunFacts } from './run-facts.ts';
import { renderSummary } from './summary.ts';

export interface Told {
  /** Path of the JSON report; null: it could not be written. */
  readonly file: string | null;
  /** One line of JSON: `HistoryEntry`. */
  readonly history: string;
  /** What was reported, without secrets. */
  readonly evidence: Evidence;
}

/**
 * Reports the outcome: log, one annotation, job summary, JSON report. `previousCommit`: that the environment had before;
 * null: not known.
 */
export async function report(
  whole: Outcome,
  entire: RunRecord,
  io: Io,
  previousCommit: string | null = null,
): Promise<Told> {
  Object.assign(entire, { finishedAt: io.clock.now(), warnings: io.log.warnings() });
  const { outcome, record } = withoutValues(whole, entire, io.log);
  const run = readSafeRunFacts(io, previousCommit);
  const evidence = { outcome, record, run };
  const answer = `${markOf(outcome)} ${headline(evidence)} [${outcome.kind}]`;
  if (record.forecast) io.log.info(answer);
  // A plan is read name by name, and a note may hold the command that someone has to run.
  for (const line of record.forecast ? describeForecast(record.forecast) : []) io.log.exact(line);
  const moved = describeMove(outcome, record);
  if (moved) io.log.info(moved);
  for (const note of outcome.notes) io.log.exact(note);
  if (!isGreen(outcome)) annotate(evidence, io);
  // Of a deployment it is the last line, where a log is opened; of a plan the title of what follows.
  if (!record.forecast) io.log.info(answer);
  // The deployment is over by now: a report that cannot be written must not change the outcome.
  await tryWrite('job summary', io, async () => {
    if (io.env['GITHUB_STEP_SUMMARY']) await summary.addRaw(renderSummary(evidence)).write();
  });
  const file = await tryWrite('report', io, () => writeEvidence(evidence, io.env['RUNNER_TEMP'] ?? null));
  return { file, evidence, history: JSON.stringify(historyOf(evidence)) };
}

/** Names stay: of the service, its address, its revisions and the image; and commands that someone has to run. */
function withoutValues(outcome: Outcome, record: RunRecord, { redact }: Log): { outcome: Outcome; record: RunRecord } {
  const { failure, diagnosis, rollback, notes } = outcome;
  const { phases, smokeTests, restoredTests, forecast, restored, differences, analyses, warnings } = record;
  const texts = { phases, smokeTests, restoredTests, forecast, restored, differences, analyses, warnings };
  return {
    outcome: {
      ...outcome,
      ...mapTexts({ diagnosis, notes }, redact),
      failure: failure && mapFailure(failure, redact),
      rollback: rollback && { ...rollback, failure: mapFailure(rollback.failure, redact) },
    },
    record: { ...record, ...mapTexts(texts, redact) },
  };
}

function annotate(evidence: Evidence, io: Io): void {
  const { outcome } = evidence;
  const { failure, diagnosis, rollback } = outcome;
  const cause = [failure?.message, furtherCause(outcome)];
  const lines = rollback
    ? [`Rollback: ${rollback.failure.message}`, ...nextSteps(rollback.failure.hint, rollback.command), ...cause]
    : [...cause, ...nextSteps(diagnosis?.hint ?? failure?.hint)];
  const code = (rollback?.failure ?? failure)?.code;
  if (code) lines.push(`About ${code}: ${troubleshootingUrl(code)}`);
  io.log.error(lines.filter(Boolean).join('\n'), headline(evidence), failure?.at);
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
