import { neverAborted } from '../io/signals.ts';
import type { Failure } from '../model/errors.ts';
import { endAs, type Outcome } from '../model/outcome.ts';
import { removeMarker } from './hold-marker.ts';
import { type JournalEntry, tryToJournal } from './journal.ts';
import { rollBack, unusedRevision } from './rollback.ts';
import type { OnFailure, RollbackRequest } from './rollout.ts';

/** What a main step left that was killed or cancelled. */
export interface InterruptedRun extends RollbackRequest {
  readonly onCancel: OnFailure;
}

/** Why a run whose main step said nothing did not end well. */
const interrupted: Failure = {
  code: 'INTERRUPTED',
  message: 'the main step was cancelled or killed before it was done',
  hint: 'Run the job again when nothing else is deploying.',
};

/** Finishes from a journal whose last entry says that our change may be live, or is being rolled back. */
export async function finish(run: InterruptedRun): Promise<Outcome> {
  const { entry, journal, workload } = run;
  const failure = entry.failure ?? interrupted;
  if (entry.phase === 'sending' && run.onCancel === 'keep') {
    await removeMarker(entry, { ...run, signal: neverAborted });
    tryToJournal(journal, { ...entry, phase: 'closed', outcome: 'kept', failure }, run.io);
    const notes = [`Kept, as \`on-cancel: keep\` says. To roll back: ${workload.restoreCommand(entry.point)}`];
    return endAs('kept', { previousRevision: entry.point.revision, failure, notes });
  }
  const rollingBack: JournalEntry = { ...entry, phase: 'rolling-back', failure };
  tryToJournal(journal, rollingBack, run.io);
  return await rollBack({ ...run, entry: rollingBack });
}

/** The outcome of a main step that ended before anything that can go live was sent. */
export function untouched(entry: JournalEntry | null): Outcome {
  const revision = entry?.point.revision ?? null;
  const notes = entry ? [unusedRevision] : [];
  return endAs('refused', { revision, previousRevision: revision, failure: interrupted, notes });
}

/** The outcome that the main step reached, but was killed before it could report it. */
export function recalled(entry: JournalEntry): Outcome {
  const { point, failure, rollback = null } = entry;
  const notes = [...(entry.notes ?? []), 'The main step was stopped after this was done, before it could report it.'];
  return endAs(entry.outcome ?? 'rollback-failed', { previousRevision: point.revision, failure, rollback, notes });
}
