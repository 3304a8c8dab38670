import { type JsonObject, valueAt } from '../../model/json.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { type CreateFailure, classifyCreateFailure, maxUnavailableOf } from './create-failure.ts';
import { type KeptRevision, readKept } from './history.ts';
import { type JudgePods, openPodJudge, type PodsVerdict } from './judge-pods.ts';
import { restartsOf } from './pod-container.ts';
import { listPodsOf, readEvents, readPods } from './pods.ts';
import { createFailure, deadlineExceeded, type RolloutStatus, readStatus } from './rollout-status.ts';

/** What is known of one template's pods and of the controller's work on it. */
export interface RolloutReading {
  readonly status: RolloutStatus;
  readonly isPaused: boolean;
  readonly deadlineExceeded: string | null;
  readonly createFailure: (CreateFailure & { readonly isSeen: boolean }) | null;
  readonly pods: PodsVerdict;
  /** As they are, for who wants to know more of them. */
  readonly podObjects: readonly JsonObject[];
  /** Restarts of all their containers together. */
  readonly restarts: number;
}

export type ReadRollout = (object: JsonObject) => Promise<RolloutReading>;

/**
 * Reads the pods of one template again and again. What it remembers only times trouble: since when something is seen that may
 * pass.
 */
export function openRolloutReader(
  run: ClusterWorkload,
  kept: Pick<KeptRevision, 'name' | 'uid' | 'podValue'>,
): ReadRollout {
  const judge: JudgePods = openPodJudge();
  let refusedSince: { readonly key: string; readonly at: number } | null = null;
  return async (object) => {
    const status = readStatus(object, run.kind);
    const podObjects = await listPodsOf(run, object, kept);
    const pods = judge(await readPods(run, podObjects), run.io.clock.now());
    const refused = await findCreateFailure(run, object, { kept, status });
    const now = run.io.clock.now();
    // What becomes a failure has its time from then on.
    const key = refused ? `${refused.reason} ${refused.fatalAfterMs}` : '';
    if (key !== refusedSince?.key) refusedSince = refused && { key, at: now };
    const seenMs = refusedSince ? now - refusedSince.at : 0;
    const isSeen = refused !== null && refused.fatalAfterMs !== null && seenMs >= refused.fatalAfterMs;
    return {
      ...{ status, pods, podObjects, isPaused: valueAt(object, 'spec', 'paused') === true },
      deadlineExceeded: deadlineExceeded(object, kept.name),
      createFailure: refused && { ...refused, isSeen },
      restarts: podObjects.reduce((sum, pod) => sum + restartsOf(pod), 0),
    };
  };
}

/** A ReplicaSet says it by a condition; a StatefulSet and a DaemonSet by an event only. */
async function findCreateFailure(
  run: ClusterWorkload,
  object: JsonObject,
  { kept, status }: { readonly kept: Pick<KeptRevision, 'name'>; readonly status: RolloutStatus },
): Promise<CreateFailure | null> {
  if (status.isComplete) return null;
  const isReplicaSet = run.kind.history === 'replicasets';
  const message = isReplicaSet ? await findRefusal(run, kept.name) : await findRefusalEvent(run, object, status);
  if (message === null) return null;
  return classifyCreateFailure(message, { status, maxUnavailable: maxUnavailableOf(object, status.desired) });
}

async function findRefusal(run: ClusterWorkload, name: string): Promise<string | null> {
  const replicaSet = await readKept(run, name);
  return replicaSet && createFailure(replicaSet.object);
}

/** An event stays for an hour: it counts only while pods are missing. */
async function findRefusalEvent(
  run: ClusterWorkload,
  object: JsonObject,
  status: RolloutStatus,
): Promise<string | null> {
  if (status.updated + status.old >= status.desired) return null;
  const events = await readEvents(run, object);
  return events.findLast(({ reason }) => reason === 'FailedCreate')?.message ?? null;
}
