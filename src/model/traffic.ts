/** A share of the traffic, in percent, and how long the new revision is analyzed at it before the next; 0: not at all. */
export interface TrafficStep {
  readonly percent: number;
  readonly bakeMs: number;
}

/** How finely traffic can be split: by percent, or by how many of the replicas are new. */
export type WeightSteps = 'any' | { readonly replicas: number };

/** A share that a platform gives, in percent. `why`: where it can't be another, in words: `1 of 5 replicas`. */
export interface Share {
  readonly percent: number;
  readonly why: string | null;
}

/** The nearest share that can be had. Below 100% the previous revision keeps a replica, and the new one has one. */
export function nearestShare(percent: number, weights: WeightSteps): Share {
  if (weights === 'any') return { percent, why: null };
  const { replicas } = weights;
  const most = percent === 100 ? replicas : replicas - 1;
  const ours = Math.min(most, Math.max(1, Math.round((percent * replicas) / 100)));
  return { percent: Math.round((ours * 1_000) / replicas) / 10, why: `${ours} of ${replicas} replicas` };
}

/** `5%`, or `5% asked for, 20% in force: 1 of 5 replicas`. */
export function formatShare(asked: number, inForce: Share | undefined): string {
  if (!inForce || inForce.percent === asked) return `${asked}%`;
  const why = inForce.why === null ? '' : `: ${inForce.why}`;
  return `${asked}% asked for, ${inForce.percent}% in force${why}`;
}
