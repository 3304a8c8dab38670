import { setOutput } from '@actions/core';
import type { Outcome, RunRecord } from './model/outcome.ts';

/** Sets the outputs of the step; action.yml describes each. `reportFile`: path of the JSON report. */
export function writeOutputs(outcome: Outcome, record: RunRecord, reportFile: string | null): void {
  for (const [name, value] of Object.entries(outputsOf(outcome, record, reportFile))) setOutput(name, value ?? '');
}

export function outputsOf(
  outcome: Outcome,
  record: RunRecord,
  reportFile: string | null,
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
    report: reportFile,
  };
}
