import type { JsonObject } from '../../model/json.ts';
import { textAt } from '../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../model/restore-point.ts';
import { isOurs } from './change-mark.ts';
import { type ClusterWorkload, readObject } from './cluster-workload.ts';
import { findCurrent, readHistory } from './history.ts';
import type { KubeOperation } from './kube-operation.ts';
import { findSuccessor, holderOf } from './rollout-annotation.ts';
import { readStatus } from './rollout-status.ts';

/** See `Workload.findOperation`. null also until the controller has made a ReplicaSet or ControllerRevision of our template. */
export async function findOperation(
  run: ClusterWorkload,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<KubeOperation | null> {
  const object = await readObject(run);
  if (!isOurs(object, mark) || (point.run && holderOf(object, point.run) !== 'ours')) return null;
  const kept = findCurrent(await readHistory(run, object), object);
  if (!kept) return null;
  const { name, uid, podValue } = kept;
  return {
    ...{ id: mark, mark, goal: { kind: 'up' }, revision: name, kept: { name, uid, podValue }, run: point.run },
    uid: textAt(object, 'metadata', 'uid'),
  };
}

/** See `Workload.isLive`. An autoscaler may just have added pods, so not all need be available. */
export async function isLive(run: ClusterWorkload, mark: ChangeMark): Promise<boolean> {
  const object: JsonObject = await readObject(run);
  if (findSuccessor(object, mark)) return true;
  const { old, available, desired } = readStatus(object, run.kind);
  const serves = available > 0 || (run.allowsEmpty && desired === 0);
  return isOurs(object, mark) && old === 0 && serves;
}
