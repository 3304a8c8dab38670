import { DeployError } from '../../model/errors.ts';
import { type JsonObject, listAt, numberAt, textAt } from '../../model/json.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { findCurrent, type KeptRevision, readHistory } from './history.ts';
import { listPodsOf } from './pods.ts';
import { readStatus } from './rollout-status.ts';
import { listPath } from './workload-kind.ts';

export interface ServingRevision {
  readonly kept: KeptRevision;
  /** It is what the object's own template says. */
  readonly isNewest: boolean;
  /** All that are kept, the newest first. */
  readonly history: readonly KeptRevision[];
}

/**
 * What last came up and serves now: the newest template, or an older one whose pods are available where the newest has not
 * come up.
 * @throws DeployError UNSUPPORTED where the controller keeps no template that could be restored
 */
export async function chooseServing(run: ClusterWorkload, object: JsonObject): Promise<ServingRevision> {
  const history = await readHistory(run, object);
  const current = findCurrent(history, object);
  const status = readStatus(object, run.kind);
  if (current && (status.isComplete || (status.isObserved && status.old === 0))) {
    return { kept: current, isNewest: true, history };
  }
  const older = await findAvailable(run, object, { history, current });
  if (older) return { kept: older, isNewest: false, history };
  if (current) return { kept: current, isNewest: true, history };
  throw nothingKept(run);
}

async function findAvailable(
  run: ClusterWorkload,
  object: JsonObject,
  { history, current }: { readonly history: readonly KeptRevision[]; readonly current: KeptRevision | null },
): Promise<KeptRevision | null> {
  const others = history.filter(({ uid }) => uid !== current?.uid);
  const counted = await Promise.all(
    others.map(async (kept) => ({ kept, count: await countAvailable(run, object, kept) })),
  );
  const serving = counted.filter(({ count }) => count > 0).sort((one, other) => other.count - one.count);
  return serving[0]?.kept ?? null;
}

/** A ReplicaSet counts its own pods; a ControllerRevision has none, so the pods are asked. */
async function countAvailable(run: ClusterWorkload, object: JsonObject, kept: KeptRevision): Promise<number> {
  if (run.kind.history === 'replicasets') return numberAt(kept.object, 'status', 'availableReplicas');
  const pods = await listPodsOf(run, object, kept);
  return pods.filter((pod) =>
    listAt(pod, 'status', 'conditions').some(
      (one) => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True',
    ),
  ).length;
}

function nothingKept({ resource, kind, namespace }: ClusterWorkload): DeployError {
  const what = kind.history === 'replicasets' ? 'ReplicaSet' : 'ControllerRevision';
  const why = `the cluster keeps no ${what} of its template`;
  return new DeployError('UNSUPPORTED', `could not guarantee a rollback of ${resource}: ${why}`, {
    hint: `Wait until its controller has made one (${listPath(kind.history, namespace)}), then run again.`,
  });
}
