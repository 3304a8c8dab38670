/** A share of the traffic, in percent, and how long the new revision is analyzed at it before the next; 0: not at all. */
export interface TrafficStep {
  readonly percent: number;
  readonly bakeMs: number;
}

/**
 * How finely traffic can be split: by percent; by how many of a fixed number of replicas are new; or by how many new ones
 * are added to those of the previous revision, which keeps all of its `stable` ones.
 */
export type WeightSteps = 'any' | { readonly replicas: number } | { readonly stable: number };

/** A share that a platform gives, in percent. `why`: where it can't be another, in words: `1 of 5 replicas`. */
export interface Share {
  readonly percent: number;
  readonly why: string | null;
}

/** The nearest share that can be had. Below 100% the previous revision keeps a replica, and the new one has one. */
export function nearestShare(percent: number, weights: WeightSteps): Share {
  if (weights === 'any') return { percent, why: null };
  if ('stable' in weights) return shareBeside(percent, weights.stable);
  const { replicas } = weights;
  const most = percent === 100 ? replicas : replicas - 1;
  const ours = Math.min(most, Math.max(1, Math.round((percent * replicas) / 100)));
  return { percent: Math.round((ours * 1_000) / replicas) / 10, why: `${ours} of ${replicas} replicas` };
}

/**
 * How many new replicas beside `stable` ones come nearest to this share: one at least, and no more than there are stable
 * ones, so that a rollout needs no more than twice the room. At 100% as many as there are stable ones, which get nothing.
 */
export function replicasBeside(percent: number, stable: number): number {
  const exact = percent === 100 ? stable : (percent * stable) / (100 - percent);
  return Math.max(1, Math.min(stable, Math.round(exact)));
}

/** The share of `ours` replicas that get traffic beside `stable` ones. */
export function shareOfReplicas(ours: number, stable: number): Share {
  const all = ours + stable;
  const percent = all === 0 ? 0 : Math.round((ours * 1_000) / all) / 10;
  return { percent, why: `${ours} of ${all} replicas` };
}

function shareBeside(percent: number, stable: number): Share {
  if (percent === 100) return { percent, why: null };
  const share = shareOfReplicas(replicasBeside(percent, stable), stable);
  const needed = Math.ceil((100 - percent) / percent);
  if (needed <= stable) return share;
  return { ...share, why: `${share.why}, as ${percent}% needs ${needed} stable ones` };
}

/** `5%`, or `5% asked for, 20% in force: 1 of 5 replicas`. */
export function formatShare(asked: number, inForce: Share | undefined): string {
  if (!inForce || inForce.percent === asked) return `${asked}%`;
  const why = inForce.why === null ? '' : `: ${inForce.why}`;
  return `${asked}% asked for, ${inForce.percent}% in force${why}`;
}

const BAR_CELLS = 20;

/** `█████░░░░░░░░░░░░░░░ 25% of the traffic`. A share above 0 fills at least one cell, and only 100% fills all. */
export function trafficBar(percent: number): string {
  const cells = Math.round((percent / 100) * BAR_CELLS);
  const filled = percent <= 0 ? 0 : percent >= 100 ? BAR_CELLS : Math.min(BAR_CELLS - 1, Math.max(1, cells));
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} ${percent}% of the traffic`;
}
