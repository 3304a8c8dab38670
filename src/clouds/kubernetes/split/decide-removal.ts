import { overlap } from './decide-shift.ts';
import { openPods, type SplitAct, type SplitFacts, type SplitWait, waitFor } from './split-facts.ts';

export type RemovalDecision = SplitAct | SplitWait | { readonly act: 'removed' };

/**
 * Pure: what is next until nothing of the copy is left and the Deployment has all traffic in the user's own form. At no
 * moment is there no pod that is ready: the Deployment gets its traffic before the copy loses its own.
 */
export function decideRemoval(facts: SplitFacts): RemovalDecision {
  const { copy, pods, hasService } = facts;
  const open = openPods(pods);
  if (isExcluding(facts)) return giveTrafficBack(facts);
  if (open.length > 0) return takeTrafficFrom(facts);
  if (copy && !copy.isDeleting) {
    const left = facts.overlapMs - facts.since.closed;
    const wasOpen = pods.some(({ gate }) => gate === 'closed');
    if (wasOpen && left > 0) return overlap(`${facts.copyName} gets no new requests, and ends those that it has`, left);
  }
  if (facts.borrowed.length > 0) return { act: 'give-back', objects: facts.borrowed };
  if (hasService) return { act: 'delete-service' };
  // The last, as the marker is in it.
  if (!copy) return { act: 'removed' };
  return copy.isDeleting ? waitFor('DELETING', `${facts.copyName} is being deleted`) : { act: 'delete-copy' };
}

/** Does the Deployment get less traffic than it has pods for, or none? */
export function isExcluding({ narrowed, routed }: Pick<SplitFacts, 'narrowed' | 'routed'>): boolean {
  return narrowed.length > 0 || routed !== 0;
}

/** Is there anything left of a copy? */
export function isAnythingLeft(facts: SplitFacts): boolean {
  return facts.copy !== null || facts.hasService || facts.borrowed.length > 0 || isExcluding(facts);
}

/** Which has to be strong enough: an autoscaler may have shrunk what got no traffic (argoproj/argo-rollouts#3941). */
function giveTrafficBack(facts: SplitFacts): RemovalDecision {
  const { mode, pods, stable, narrowed } = facts;
  const serving = openPods(pods).filter(({ isReady }) => isReady).length;
  const needed = mode === 'blue-green' ? Math.max(1, serving) : 1;
  if (stable.replicas < needed) return { act: 'scale-stable', replicas: needed };
  if (stable.ready < needed) {
    const message = `${stable.ready} of ${needed} pods of the Deployment are ready to take the traffic back`;
    return waitFor('WAITING_FOR_PODS', message);
  }
  return narrowed.length > 0 ? { act: 'widen', services: narrowed } : { act: 'route', percent: 0 };
}

function takeTrafficFrom(facts: SplitFacts): RemovalDecision {
  const { mode, valve, pods, stable, copyName } = facts;
  if (stable.ready === 0) {
    return waitFor('WAITING_FOR_PODS', `no pod of the Deployment is ready, so ${copyName} goes on serving`);
  }
  // A canary by number of pods has never been the only one to serve.
  const left = mode === 'canary' && valve === 'replicas' ? 0 : facts.overlapMs - facts.since.included;
  if (left > 0) return overlap('both sets serve, until load balancers have followed', left);
  return { act: 'close', pods: openPods(pods) };
}
