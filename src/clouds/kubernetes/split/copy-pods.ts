import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { GATE } from './names.ts';

/** A pod of the copy, as far as decisions are made by it. */
export interface CopyPod {
  readonly name: string;
  readonly uid: string;
  /** '': it has none yet. */
  readonly address: string;
  /** Its containers are; whether it is ready depends on the gate too. */
  readonly isUp: boolean;
  /** Services send it traffic. */
  readonly isReady: boolean;
  readonly gate: 'never opened' | 'open' | 'closed';
}

/** Those that stay: what is being deleted or has ended counts no more. */
export function readCopyPods(pods: readonly JsonObject[]): readonly CopyPod[] {
  return pods.filter(isThere).map((pod) => {
    const gate = conditionOf(pod, GATE);
    return {
      name: textAt(pod, 'metadata', 'name'),
      uid: textAt(pod, 'metadata', 'uid'),
      address: textAt(pod, 'status', 'podIP'),
      isUp: conditionOf(pod, 'ContainersReady') === 'True',
      isReady: conditionOf(pod, 'Ready') === 'True',
      gate: gate === 'True' ? 'open' : gate === '' ? 'never opened' : 'closed',
    };
  });
}

function isThere(pod: JsonObject): boolean {
  const hasEnded = ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase'));
  return !hasEnded && textAt(pod, 'metadata', 'deletionTimestamp') === '';
}

function conditionOf(pod: JsonObject, type: string): string {
  return textAt(
    listAt(pod, 'status', 'conditions').find((condition) => condition['type'] === type),
    'status',
  );
}

/** A strategic merge patch of the pod's status. With its uid, so that a late one doesn't open another pod of that name. */
export function gatePatch({ uid }: CopyPod, isOpen: boolean, now: number): JsonObject {
  const status = isOpen ? 'True' : 'False';
  const reason = isOpen ? 'GetsTraffic' : 'GetsNoTraffic';
  const lastTransitionTime = `${new Date(now).toISOString().slice(0, 19)}Z`;
  return { metadata: { uid }, status: { conditions: [{ type: GATE, status, reason, lastTransitionTime }] } };
}
