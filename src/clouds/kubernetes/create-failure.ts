import { type JsonObject, objectAt, textAt, valueAt } from '../../model/json.ts';
import type { RolloutStatus } from './rollout-status.ts';

/** Why no pod can be created, and what becomes of it. */
export interface CreateFailure {
  readonly reason: 'QUOTA' | 'WEBHOOK_FAILED' | 'REFUSED';
  readonly message: string;
  readonly hint: string;
  /** How long it has to be seen until it is a failure, in milliseconds; null: it may pass by itself. */
  readonly fatalAfterMs: number | null;
}

const SEEN_MS = 3_000;
/** The controller tries again after pauses that grow. */
const RETRIED_MS = 240_000;
const WEBHOOK_MS = 60_000;

/**
 * By the words of the API server, as the controller passes them on. A quota passes when a pod ends: one that is ending, or an
 * old one that the rollout may take away now or once a new one is available.
 */
export function classifyCreateFailure(message: string, room: RoomFacts): CreateFailure {
  if (/exceeded quota/i.test(message)) {
    return {
      ...{ reason: 'QUOTA', message },
      hint: 'Raise the ResourceQuota, or let the rollout take an old pod away first (`maxUnavailable`).',
      fatalAfterMs: canMakeRoom(room) ? null : hasMadeRoom(room) ? RETRIED_MS : SEEN_MS,
    };
  }
  if (/failed calling webhook|failed to call webhook/i.test(message)) {
    const hint = 'Check the admission webhook that is named here: it does not answer.';
    return { reason: 'WEBHOOK_FAILED', message, hint, fatalAfterMs: WEBHOOK_MS };
  }
  return { reason: 'REFUSED', message, hint: refusalHint(message), fatalAfterMs: SEEN_MS };
}

function refusalHint(message: string): string {
  if (/serviceaccount/i.test(message)) return 'Create the ServiceAccount that the pod template names.';
  if (/PodSecurity/.test(message))
    return 'Make the pod template conform to the Pod Security level of the namespace, or change that level.';
  return 'Correct what the policy of the cluster names here.';
}

export interface RoomFacts {
  readonly status: RolloutStatus;
  /** How many of the pods that have to be there may be missing. */
  readonly maxUnavailable: number;
}

function canMakeRoom({ status, maxUnavailable }: RoomFacts): boolean {
  const { desired, available, updated, old, terminating } = status;
  if (terminating > 0) return true;
  if (old === 0) return false;
  const canTakeOld = available > desired - maxUnavailable;
  // Each new pod that becomes available lets an old one go.
  const isOneStarting = updated > 0 && available < updated + old;
  return canTakeOld || isOneStarting;
}

/** A pod is missing that had its place before, so there is room for it, unless someone else took it. */
function hasMadeRoom({ status: { desired, updated, old } }: RoomFacts): boolean {
  return updated + old < desired;
}

/** How many pods of a Deployment may be missing while it is updated; percentages are rounded down. */
export function maxUnavailableOf(object: JsonObject, desired: number): number {
  const strategy = objectAt(object, 'spec', 'strategy');
  if (textAt(strategy, 'type') === 'Recreate') return desired;
  const surge = toCount(valueAt(strategy, 'rollingUpdate', 'maxSurge') ?? '25%', desired, Math.ceil);
  const most = toCount(valueAt(strategy, 'rollingUpdate', 'maxUnavailable') ?? '25%', desired, Math.floor);
  // The controller's own rule: with both 0 nothing would ever move.
  return surge === 0 && most === 0 ? 1 : most;
}

function toCount(value: unknown, of: number, round: (count: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d{1,3})%$/.exec(String(value))?.[1];
  return percent === undefined ? 0 : round((Number(percent) * of) / 100);
}
