import { type JsonObject, objectAt, textAt } from '../../model/json.ts';
import { isPodReady } from './classify-pod.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { isOwnedBy, type KeptRevision, selectorOf } from './history.ts';
import { corePath } from './workload-kind.ts';

/**
 * With ordered pods, a StatefulSet waits for a pod of a failed template to become ready before it replaces it, which never
 * happens: it has to be deleted, after the template was restored.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
 */
export async function findStuckPod(
  run: ClusterWorkload,
  object: JsonObject,
  current: Pick<KeptRevision, 'podValue'>,
): Promise<{ readonly name: string; readonly uid: string } | null> {
  const { kind, namespace, api } = run;
  if (kind.name !== 'StatefulSet' || textAt(object, 'spec', 'podManagementPolicy') === 'Parallel') return null;
  const pods = await api.list(corePath('pods', namespace), { labelSelector: selectorOf(object) });
  const uid = textAt(object, 'metadata', 'uid');
  const stuck = pods.find((pod) => isOwnedBy(pod, uid) && isStuck(pod, current));
  return stuck ? { name: textAt(stuck, 'metadata', 'name'), uid: textAt(stuck, 'metadata', 'uid') } : null;
}

function isStuck(pod: JsonObject, { podValue }: Pick<KeptRevision, 'podValue'>): boolean {
  const isEnding = textAt(pod, 'metadata', 'deletionTimestamp') !== '';
  const revision = textAt(objectAt(pod, 'metadata', 'labels'), 'controller-revision-hash');
  return !isEnding && revision !== podValue && !isPodReady(pod);
}
