import { formatDuration } from '../model/duration.ts';
import type { Step } from './strategy.ts';

/** What a step would do, for people; null: nothing that changes or tests anything. */
export function describeStep(step: Step): string | null {
  switch (step.kind) {
    case 'deploy':
      return step.takeTraffic ? 'Roll out the new revision.' : 'Bring up the new revision with no traffic.';
    case 'smoke-test':
      return step.against === 'live'
        ? 'Smoke-test the live service.'
        : 'Smoke-test the new revision at its own address.';
    case 'set-weight':
      return `Give it ${step.percent} % of the traffic.`;
    case 'bake':
      return `Judge it at ${step.percent} % for ${formatDuration(step.durationMs)}.`;
    case 'finish':
    case 'confirm':
      return null;
  }
}
