import { nearestShare, type TrafficStep } from '../model/traffic.ts';
import type { Capabilities, TrafficCapability } from '../model/workload.ts';
import type { Step } from './strategy.ts';

/**
 * No user reaches the new revision before the smoke tests passed on it; then its share grows, and it is analyzed at each.
 * The previous revision stays up until the end, for an instant rollback.
 */
export function shiftTraffic(steps: readonly TrafficStep[], { traffic }: Capabilities): readonly Step[] {
  const by: TrafficCapability = traffic ?? { by: 'us', weights: 'any' };
  return [
    by.by === 'platform'
      ? { kind: 'deploy', takeTraffic: false, shifts: steps }
      : { kind: 'deploy', takeTraffic: false, shifts: [], firstShare: steps[0]?.percent ?? 100 },
    { kind: 'smoke-test', against: 'preview' },
    ...steps.flatMap((step) => shift(step, by)),
    { kind: 'finish' },
    { kind: 'confirm' },
  ];
}

function shift({ percent, bakeMs }: TrafficStep, { by, weights }: TrafficCapability): readonly Step[] {
  const share = nearestShare(percent, weights);
  const live: readonly Step[] = percent === 100 ? [{ kind: 'smoke-test', against: 'live' }] : [];
  const bake: readonly Step[] = bakeMs > 0 ? [{ kind: 'bake', percent, share, durationMs: bakeMs }] : [];
  return [{ kind: by === 'us' ? 'set-weight' : 'advance', percent, share }, ...live, ...bake];
}
