import type { ServiceOptions } from '../../simulators/aws/ecs/add-service.ts';

/** A service whose rollouts take about that long. */
export interface Rollout {
  readonly title: string;
  readonly service: Partial<ServiceOptions>;
  /** How long its load balancer drains, in milliseconds: the last part of each rollout. */
  readonly drainMs: number;
  /** The drain differs by at most this from one rollout to the next. */
  readonly jitterMs: number;
}

/** Fargate needs 10 s to start a task, and the load balancer two checks to find it healthy. */
export const rollouts: readonly Rollout[] = [
  {
    title: '30 s: two tasks, a short drain',
    service: { desiredCount: 2, targetGroup: { checkIntervalMs: 5_000 } },
    drainMs: 5_000,
    jitterMs: 2_000,
  },
  {
    title: '5 min: two tasks, a drain of four minutes',
    service: { desiredCount: 2, targetGroup: { checkIntervalMs: 10_000 } },
    drainMs: 260_000,
    jitterMs: 15_000,
  },
  {
    title: '40 min: forty tasks, one after the other',
    service: { desiredCount: 40, maximumPercent: 103, targetGroup: { checkIntervalMs: 20_000 } },
    drainMs: 300_000,
    jitterMs: 60_000,
  },
];
