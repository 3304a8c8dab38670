import { type JsonObject, listAt, numberAt, objectAt, textAt, valueAt } from '../../model/json.ts';
import type { WorkloadKind } from './workload-kind.ts';

/** How far the controller is with the template that the object has, in numbers of pods. */
export interface RolloutStatus {
  /** The controller has seen the object as it is now: what follows is about this template. */
  readonly isObserved: boolean;
  /** How many there have to be. */
  readonly desired: number;
  /** Of this template. */
  readonly updated: number;
  readonly ready: number;
  /** Ready for `minReadySeconds`. Of any template. */
  readonly available: number;
  /** Of former templates, still there. */
  readonly old: number;
  /** On their way out; 0 where the cluster does not tell. */
  readonly terminating: number;
  /** Every pod that has to be there is, of this template, and available; no other is. */
  readonly isComplete: boolean;
}

/** Pure. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment, and more than that. */
export function readStatus(object: JsonObject, { name }: Pick<WorkloadKind, 'name'>): RolloutStatus {
  const counts = name === 'DaemonSet' ? countDaemons(object) : countReplicas(object, name);
  const { desired, updated, ready, available, old } = counts;
  const isObserved = isStatusCurrent(object);
  const isFull = [updated, ready, available].every((count) => count === desired);
  return {
    ...{ isObserved, ...counts, terminating: numberAt(object, 'status', 'terminatingReplicas') },
    // With no pod at all nothing was proven.
    isComplete: isObserved && desired > 0 && isFull && old === 0,
  };
}

type Counts = Pick<RolloutStatus, 'desired' | 'updated' | 'ready' | 'available' | 'old'>;

/**
 * A StatefulSet's `currentRevision == updateRevision` says nothing: after a forced rollback it is so at once, while pods of
 * the former revision are still there.
 */
function countReplicas(object: JsonObject, name: WorkloadKind['name']): Counts {
  const status = objectAt(object, 'status');
  const updated = numberAt(status, 'updatedReplicas');
  const ready = numberAt(status, 'readyReplicas');
  // Old versions of the API do not count the available ones of a StatefulSet.
  const isCounted = name === 'Deployment' || valueAt(status, 'availableReplicas') !== undefined;
  return {
    ...{ desired: desiredReplicas(object), updated, ready },
    available: isCounted ? numberAt(status, 'availableReplicas') : ready,
    old: Math.max(0, numberAt(status, 'replicas') - updated),
  };
}

function countDaemons(object: JsonObject): Counts {
  const status = objectAt(object, 'status');
  const updated = numberAt(status, 'updatedNumberScheduled');
  return {
    desired: numberAt(status, 'desiredNumberScheduled'),
    updated,
    ready: numberAt(status, 'numberReady'),
    available: numberAt(status, 'numberAvailable'),
    old: Math.max(0, numberAt(status, 'currentNumberScheduled') - updated),
  };
}

/** `spec.replicas`, which an autoscaler may change at any time. */
export function desiredReplicas(object: JsonObject): number {
  const replicas = valueAt(object, 'spec', 'replicas');
  return typeof replicas === 'number' ? replicas : 1;
}

function isStatusCurrent(object: JsonObject): boolean {
  return numberAt(object, 'status', 'observedGeneration') >= numberAt(object, 'metadata', 'generation');
}

/** `2 of 3 pods updated, 1 available, 1 of the previous template left`. */
export function describeStatus({ isObserved, desired, updated, available, old, terminating }: RolloutStatus): string {
  if (!isObserved) return 'the cluster has not begun with it yet';
  const parts = [`${updated} of ${desired} pods updated`, `${available} available`];
  if (old > 0) parts.push(`${old} of the previous template left`);
  if (terminating > 0) parts.push(`${terminating} ending`);
  return parts.join(', ');
}

export interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** null: the object has none of this type. */
export function findCondition(object: JsonObject, type: string): Condition | null {
  const found = listAt(object, 'status', 'conditions').find((condition) => textAt(condition, 'type') === type);
  if (!found) return null;
  return { status: textAt(found, 'status'), reason: textAt(found, 'reason'), message: textAt(found, 'message') };
}

/**
 * The message of a ProgressDeadlineExceeded that is about this ReplicaSet; null: there is none. After a change of the template
 * the condition stays for some 80 ms as it was, also with a current observedGeneration; only its message tells whose it is.
 */
export function deadlineExceeded(object: JsonObject, replicaSet: string): string | null {
  const { reason = '', message = '' } = findCondition(object, 'Progressing') ?? {};
  if (reason !== 'ProgressDeadlineExceeded' || replicaSet === '') return null;
  return message.includes(`"${replicaSet}"`) ? message : null;
}

/** Why a ReplicaSet can't create pods, by its own condition: the Deployment's may be an older one's. null: it can. */
export function createFailure(replicaSet: JsonObject): string | null {
  const found = findCondition(replicaSet, 'ReplicaFailure');
  return found?.status === 'True' && found.reason === 'FailedCreate' ? found.message : null;
}

/** A rollout of this template was complete once, whatever has become of its pods. */
export function wasComplete(object: JsonObject): boolean {
  return findCondition(object, 'Progressing')?.reason === 'NewReplicaSetAvailable';
}
