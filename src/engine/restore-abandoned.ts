import { DeployError, describeError } from '../model/errors.ts';
import type { Readiness } from '../model/readiness.ts';
import { joinSentences } from '../model/sentences.ts';
import type { JournalEntry } from './journal.ts';
import { runPhase } from './phase.ts';
import { type RestoreProgress, restorePersistently } from './restore-persistently.ts';
import type { Rollout } from './rollout.ts';

type Abandoned = Extract<Readiness, { readonly status: 'abandoned' }>;

/**
 * Restores what was live before a rollout whose run is gone, from the marker that it left, as its post step would have. May
 * be done by two runs at once: each poll decides from what is there.
 * @returns what was found and done, in sentences
 * @throws DeployError BUSY when it can't be restored
 */
export async function restoreAbandoned(
  { message, marker }: Abandoned,
  { workload, rollbackTimeoutMs, record, io }: Pick<Rollout, 'workload' | 'rollbackTimeoutMs' | 'record' | 'io'>,
): Promise<string> {
  const { point, mark } = marker;
  io.log.info(joinSentences(message, `Restoring ${point.revision ?? 'what was there before'} first`));
  const entry: JournalEntry = { ...EMPTY, point, mark };
  const progress: RestoreProgress = { requested: false, failure: null, lastSeen: null };
  // Its marker outlasted everything that it had sent.
  const request = { workload, entry, timeoutMs: rollbackTimeoutMs, unanswered: { at: null }, io };
  const command = workload.restoreCommand(point);
  try {
    const found = await runPhase('Restore what another run left', record, io, () =>
      restorePersistently(request, progress),
    );
    if (found.status === 'failed') throw new DeployError('ROLLBACK_FAILED', found.message, { hint: command });
    io.log.info(found.message);
    return joinSentences(message, found.message);
  } catch (error) {
    const { message: why } = progress.failure ?? describeError(error);
    const what = `could not start a deployment of ${workload.resource}: ${message}, and that could not be restored: ${why}`;
    throw new DeployError('BUSY', what, { hint: `Restore it by hand, then run again: ${command}`, cause: error });
  }
}

const EMPTY = { version: 1, phase: 'rolling-back', image: null, failure: null, outcome: null } as const;
