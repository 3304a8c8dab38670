import { setOutput } from '@actions/core';
import type { Outcome, RunRecord } from './model/outcome.ts';

/** What a report makes of a run. */
interface Reported {
  /** Path of the JSON report; null: it could not be written. */
  readonly file: string | null;
  /** The run as one line of JSON. */
  readonly history: string;
}

/** Sets the outputs of the step; action.yml describes each. */
export function writeOutputs(outcome: Outcome, record: RunRecord, reported: Reported): void {
  for (const [name, value] of Object.entries(outputsOf(outcome, record, reported))) setOutput(name, value ?? '');
}

export function outputsOf(
  outcome: Outcome,
  record: RunRecord,
  { file, history }: Reported,
): Readonly<Record<string, string | null>> {
  return {
    outcome: outcome.kind,
    image: record.image,
    digest: record.digest,
    revision: outcome.revision,
    'previous-revision': outcome.previousRevision,
    url: record.url,
    'preview-url': record.previewUrl,
    'console-url': record.consoleUrl,
    report: file,
    history,
  };
}
