import type { Step } from './strategy.ts';
import type { TrafficStep } from './traffic-steps.ts';

/**
 * Nobody but the smoke tests reaches the new revision before they passed on it; then its share grows, and it is judged at
 * each. What ran before stays up until the end, for an instant return.
 */
export function shiftTraffic(steps: readonly TrafficStep[]): readonly Step[] {
  return [
    { kind: 'deploy', takeTraffic: false },
    { kind: 'smoke-test', against: 'preview' },
    ...steps.flatMap(shift),
    { kind: 'finish' },
    { kind: 'confirm' },
  ];
}

function shift({ percent, bakeMs }: TrafficStep): readonly Step[] {
  const live: readonly Step[] = percent === 100 ? [{ kind: 'smoke-test', against: 'live' }] : [];
  const bake: readonly Step[] = bakeMs > 0 ? [{ kind: 'bake', percent, durationMs: bakeMs }] : [];
  return [{ kind: 'set-weight', percent }, ...live, ...bake];
}
