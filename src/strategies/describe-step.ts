import { formatDuration } from '../model/duration.ts';
import { formatShare } from '../model/traffic.ts';
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
    case 'advance':
      return `Shift traffic to it: ${formatShare(step.percent, step.share)}.`;
    case 'bake':
      return `Analyze it at ${formatShare(step.percent, step.share)} for ${formatDuration(step.durationMs)}.`;
    case 'finish':
    case 'confirm':
      return null;
  }
}
