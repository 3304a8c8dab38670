import { formatDuration } from '../../../model/duration.ts';
import { nearestShare, replicasBeside, type Share, shareOfReplicas } from '../../../model/traffic.ts';
import type { CopyPod } from './copy-pods.ts';
import { openPods, type SplitAct, type SplitFacts, type SplitWait, waitFor } from './split-facts.ts';

export interface ShiftDone {
  readonly act: 'done';
  readonly message: string;
  readonly share?: Share;
}

/** What its pods do, not what its requests are answered. */
export interface ShiftFailure {
  readonly act: 'failed';
  readonly message: string;
}

export type ShiftDecision = SplitAct | (SplitWait & { readonly share?: Share }) | ShiftDone | ShiftFailure;

/** Pure: what is next until so many pods of the copy are up, without traffic. */
export function decideUp({ pods, copyName }: SplitFacts, wanted: number): ShiftDecision {
  const up = pods.filter(({ isUp }) => isUp).length;
  const message = `${copyName}: ${Math.min(up, wanted)} of ${wanted} ${wanted === 1 ? 'pod' : 'pods'} up, behind the readiness gate`;
  return up < wanted ? waitFor('WAITING_FOR_PODS', message) : { act: 'done', message };
}

/**
 * Pure: what is next until the copy gets this share, and what keeps it: pods that were replaced are let in again, and where
 * the Deployment was scaled, so is the copy.
 */
export function decideShift(facts: SplitFacts, percent: number): ShiftDecision {
  const wanted = wantedReplicas(facts, percent);
  const { copy, pods, copyName } = facts;
  if (copy && copy.replicas < wanted) return { act: 'scale-copy', replicas: wanted };
  const open = openPods(pods);
  const failure = findFailure(facts, open);
  if (failure) return failure;
  if (!isWhole(facts) && open.length > wanted) return { act: 'close', pods: open.slice(wanted) };
  const shut = pods.filter(({ isUp, gate }) => isUp && gate !== 'open');
  // A set that is to take all traffic, or a share that doesn't depend on its size, has to be able to do so first.
  const isStarting = isWhole(facts) && open.length === 0;
  if (isStarting && shut.length < wanted) {
    return waitFor('WAITING_FOR_PODS', `${copyName}: ${shut.length} of ${wanted} pods up, before they get any traffic`);
  }
  if (open.length < wanted && shut.length > 0) return { act: 'open', pods: shut.slice(0, wanted - open.length) };
  const ready = open.filter(({ isReady }) => isReady).length;
  if (ready < wanted) {
    const message = `${copyName}: ${ready} of ${wanted} pods get traffic`;
    return { ...waitFor('WAITING_FOR_PODS', message), ...shareNow(facts, ready) };
  }
  if (facts.valve === 'route') return decideRoute(facts, percent);
  return facts.mode === 'blue-green' ? decideNarrowing(facts) : done(facts, inForce(facts, percent, ready));
}

/** How long all may be down at once, while others serve. */
const DOWN_MS = 5_000;

/** Pods that got traffic and are not ready any more: replaced ones have to be let in first. */
function findFailure({ copyName, narrowed, since }: SplitFacts, open: readonly CopyPod[]): ShiftFailure | null {
  const down = open.filter(({ isUp }) => !isUp).length;
  if (down === 0 || down < open.length) return null;
  // They are the only ones that serve.
  if (narrowed.length === 0 && since.down < DOWN_MS) return null;
  const all = open.length === 1 ? 'its only pod is' : `all of its ${open.length} pods are`;
  return { act: 'failed', message: `${copyName}: ${all} not ready any more` };
}

/** All pods at once, and not by their number. */
function isWhole({ mode, valve }: SplitFacts): boolean {
  return mode === 'blue-green' || valve === 'route';
}

function wantedReplicas({ mode, valve, copy, stable }: SplitFacts, percent: number): number {
  // An autoscaler shrinks what gets no traffic any more.
  if (mode === 'blue-green') return Math.max(1, copy?.replicas ?? 0, stable.replicas);
  if (valve === 'route') return Math.max(1, Math.ceil((stable.replicas * percent) / 100));
  return replicasBeside(percent, stable.replicas);
}

function decideRoute(facts: SplitFacts, percent: number): ShiftDecision {
  if (!facts.hasService) return { act: 'create-service' };
  if (facts.routed !== percent) return { act: 'route', percent };
  return done(facts, { percent, why: null });
}

function decideNarrowing(facts: SplitFacts): ShiftDecision {
  const { whole, since, overlapMs, copyName } = facts;
  const shared = shareNow(facts, openPods(facts.pods).length);
  if (whole.length > 0) {
    const left = overlapMs - since.shared;
    if (left <= 0) return { act: 'narrow', services: whole };
    return { ...overlap(`both sets serve, until load balancers have followed`, left), ...shared };
  }
  const left = overlapMs - since.narrowed;
  if (left > 0) return { ...overlap(`${copyName} is selected alone, and load balancers follow`, left), ...shared };
  return done(facts, { percent: 100, why: null });
}

export function overlap(what: string, leftMs: number): SplitWait {
  return waitFor('OVERLAP', `${what}: ${formatDuration(leftMs)} left`, leftMs);
}

/** Why it isn't the share that was asked for. */
function inForce({ stable }: SplitFacts, percent: number, ready: number): Share {
  const share = shareOfReplicas(ready, stable.ready);
  const planned = nearestShare(percent, { stable: stable.replicas });
  return share.percent === planned.percent ? planned : share;
}

function shareNow({ valve, narrowed, stable }: SplitFacts, ready: number): { readonly share?: Share } {
  return valve === 'route' || narrowed.length > 0 ? {} : { share: shareOfReplicas(ready, stable.ready) };
}

function done({ copyName, pods }: SplitFacts, share: Share): ShiftDone {
  const why = share.why === null ? '' : ` (${share.why})`;
  const count = openPods(pods).length;
  return {
    act: 'done',
    share,
    message: `${copyName}: ${count} ${count === 1 ? 'pod' : 'pods'}, ${share.percent}% of the traffic${why}`,
  };
}
