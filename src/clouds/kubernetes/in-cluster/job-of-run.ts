import { createHash } from 'node:crypto';
import type { Io } from '../../../io/io.ts';
import { RUN } from '../../../io/own-state.ts';
import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { settlesWithin } from '../../../io/settles-within.ts';
import { neverAborted } from '../../../io/signals.ts';
import { describeError } from '../../../model/errors.ts';
import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { ApiRefusal } from '../api.ts';
import { type ClusterWorkload, sayOnce } from '../cluster-workload.ts';
import { jobName, RUN_ANNOTATION, TEST_LABEL } from './job-document.ts';

const REMOVAL: RetryPolicy = { tries: 4, firstDelayMs: 500 };
/** A cancel leaves seconds, and the rollback has to be requested in them. */
const CANCELLED_MS = 2_000;

export function jobsPath({ namespace }: Pick<ClusterWorkload, 'namespace'>): string {
  return `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/jobs`;
}

/** The same in main and post, and in no other run. The value itself is the runner's affair. */
export function runKeyOf({ state }: Pick<Io, 'state'>): string {
  return createHash('sha256').update(state.read(RUN)).digest('hex').slice(0, 16);
}

/**
 * Whose the Job is. `over`: it has ended, so whoever made it is gone; at the latest its own deadline ends it. The times of this
 * machine are not compared with those of the cluster.
 */
export type JobHolder = 'none' | 'ours' | 'over' | 'another run' | 'another user';

export function holderOfJob(job: JsonObject | null, runKey: string): JobHolder {
  if (!job) return 'none';
  if (textAt(job, 'metadata', 'labels', TEST_LABEL) === '') return 'another user';
  if (textAt(job, 'metadata', 'annotations', RUN_ANNOTATION) === runKey) return 'ours';
  const hasEnded = listAt(job, 'status', 'conditions').some(
    (one) => ['Complete', 'Failed'].includes(textAt(one, 'type')) && textAt(one, 'status') === 'True',
  );
  return hasEnded ? 'over' : 'another run';
}

export function findJob(run: ClusterWorkload): Promise<JsonObject | null> {
  return run.api.find(`${jobsPath(run)}/${encodeURIComponent(jobName(run))}`);
}

/** With its pod and its Secret. Another Job of its name is not touched. @throws DeployError */
export async function deleteJob(run: ClusterWorkload, job: JsonObject): Promise<void> {
  const path = `${jobsPath(run)}/${encodeURIComponent(textAt(job, 'metadata', 'name'))}`;
  const preconditions = { uid: textAt(job, 'metadata', 'uid') };
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions };
  const attempt = async (): Promise<void> => {
    try {
      await run.api.change({ method: 'DELETE', path, body });
    } catch (error) {
      if (!(error instanceof ApiRefusal) || ![404, 409].includes(error.status)) throw error;
    }
  };
  await retryTransient(attempt, REMOVAL, { clock: run.io.clock, signal: neverAborted });
}

/** At the end of a program, also of one that a cancel ends: post looks again then. It changes no verdict. */
export async function tryDeleteJob(run: ClusterWorkload, job: JsonObject, signal: AbortSignal): Promise<void> {
  const deleting = deleteJob(run, job).catch((error: unknown) => {
    const what = `could not delete the job of a smoke test: ${describeError(error).message}`;
    sayOnce(run, 'info', `${what}; it ends and is removed by itself.`);
  });
  if (signal.aborted) await settlesWithin(deleting, CANCELLED_MS, run.io.clock);
  else await deleting;
}
