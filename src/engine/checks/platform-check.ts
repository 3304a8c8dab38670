import type { DeployError } from '../../model/errors.ts';
import type { Progress, Rollout } from '../rollout.ts';
import { ensureHealthy } from '../wait-for-operation.ts';
import type { Check } from './check.ts';

/** What the platform says of the operation. One that shifts traffic by itself is healthy while it progresses. */
export function openPlatformCheck(progress: Progress, { workload }: Pick<Rollout, 'workload'>): Check {
  const operation = progress.operation!;
  const watch = workload.watch(operation);
  const mayProgress = workload.traffic?.by === 'platform';
  return {
    name: 'platform',
    async run() {
      const observation = await watch.poll();
      try {
        ensureHealthy(observation, operation);
      } catch (error) {
        return { verdict: 'fail', error: error as DeployError };
      }
      if (observation.share) progress.share = observation.share;
      const hasData = observation.status === 'succeeded' || mayProgress;
      return { verdict: hasData ? 'pass' : 'no-data', message: observation.message };
    },
  };
}
