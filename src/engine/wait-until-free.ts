import { ConflictError } from '../model/conflict.ts';
import { DeployError, describeError } from '../model/errors.ts';
import type { Readiness } from '../model/readiness.ts';
import type { RolloutMarker } from '../model/rollout-marker.ts';
import { joinSentences } from '../model/sentences.ts';
import { restoreAbandoned } from './restore-abandoned.ts';
import type { Rollout } from './rollout.ts';
import { waitFor } from './wait.ts';

/** What to do where another run or user is changing the workload. */
export type OnConflict = 'wait' | 'fail';
/** What to do with a rollout that can't end by itself. null: replace one of ours, and fail for any other. */
export type OnStuck = 'replace' | 'fail' | null;

export interface WaitRequest
  extends Pick<Rollout, 'workload' | 'deadline' | 'rollbackTimeoutMs' | 'record' | 'io' | 'signal'> {
  readonly onConflict: OnConflict;
  readonly onStuck: OnStuck;
}

export interface Waited {
  /** False: the workload was free at once, so what was read before still holds. */
  readonly hasWaited: boolean;
  /** How long restoring what another run left has taken, which is no part of `timeout`. */
  readonly restoringMs: number;
}

/**
 * Waits for whoever changes the workload, restores what a run left that is gone, and lets a rollout pass that can't end and
 * may be replaced. Sends nothing of this run's own.
 * @throws DeployError BUSY when it may not wait, or the time is up; what restoring throws; the signal's reason
 */
export async function waitUntilFree(request: WaitRequest): Promise<Waited> {
  const { workload, deadline, record, io, signal } = request;
  let polls = 0;
  let restoringMs = 0;
  const restored: RolloutMarker[] = [];
  try {
    await waitFor(
      async () => {
        polls += 1;
        const found = await workload.readiness();
        if (found.status === 'abandoned') {
          const startedAt = io.clock.now();
          ensureNotRestored(found, restored, request);
          record.restored.push(await restoreAbandoned(found, request));
          restored.push(found.marker);
          restoringMs += io.clock.now() - startedAt;
        }
        return mayStart(found, request) ? { done: true, value: null } : { done: false, ...describe(found) };
      },
      { what: `${workload.resource} to be free`, deadline: () => deadline + restoringMs, signal },
      io,
    );
  } catch (error) {
    throw error instanceof DeployError && error.code === 'TIMEOUT' ? busy(workload.resource, error) : error;
  }
  return { hasWaited: polls > 1, restoringMs };
}

function describe(found: Readiness): { readonly message: string; readonly pollAfterMs?: number } {
  if (found.status === 'free') return { message: '' };
  return found.status === 'abandoned' ? { message: 'reading the current state again', pollAfterMs: 0 } : found;
}

/** A restoration ends with the marker removed; one that stays would be restored from again and again. */
function ensureNotRestored(
  { message, marker }: Extract<Readiness, { status: 'abandoned' }>,
  restored: readonly RolloutMarker[],
  { workload }: WaitRequest,
): void {
  if (!restored.some(({ run }) => run.id === marker.run.id)) return;
  const why = `could not start a deployment of ${workload.resource}: ${message}, and its marker could not be removed`;
  throw new DeployError('BUSY', why, { hint: 'Remove the marker by hand (docs/reliability.md), then run again.' });
}

/** @throws DeployError BUSY */
function mayStart(found: Readiness, { workload, io, onConflict, onStuck }: WaitRequest): boolean {
  if (found.status === 'free') return true;
  if (found.status === 'busy' && onConflict === 'fail') {
    throw new ConflictError(`could not start a deployment of ${workload.resource}: ${found.message}`);
  }
  if (found.status !== 'stuck') return false;
  if (onStuck === 'replace' || (onStuck === null && found.isOurs)) {
    io.log.info(joinSentences(found.message, 'This deployment replaces it'));
    return true;
  }
  const why = `could not start a deployment of ${workload.resource}: another rollout can't end by itself: ${found.message}`;
  throw new DeployError('BUSY', why, { hint: 'Set `on-stuck: replace` to deploy over it, or stop it by hand.' });
}

function busy(resource: string, error: DeployError): DeployError {
  return new DeployError('BUSY', `could not start a deployment of ${resource}: ${describeError(error).message}`, {
    hint: 'Another deployment is still running: wait for it or stop it, then run this job again.',
    cause: error,
  });
}
