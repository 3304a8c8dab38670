import { DeployError } from '../model/errors.ts';
import { ONE_AT_A_TIME_HINT } from '../model/superseded.ts';
import type { Observation, Operation } from '../model/workload.ts';
import { holdMarker } from './hold-marker.ts';
import type { Progress, Rollout } from './rollout.ts';
import { type Poll, waitFor } from './wait.ts';

type Ended = Exclude<Observation, { status: 'progressing' }>;
export type Succeeded = Extract<Observation, { status: 'succeeded' }>;

/**
 * Polls the last operation until it has ended well, and notes the share of the traffic that is in force.
 * @throws DeployError as `ensureHealthy`; TIMEOUT; the signal's reason
 */
export async function waitForOperation(progress: Progress, rollout: Rollout, what: string): Promise<Succeeded> {
  const { workload, io, signal } = rollout;
  const operation = progress.operation!;
  const watch = workload.watch(operation);
  const last = await waitFor(
    async (): Promise<Poll<Ended>> => {
      await holdMarker(progress, rollout);
      const observation = await watch.poll();
      return observation.status === 'progressing'
        ? { done: false, ...observation }
        : { done: true, value: observation };
    },
    { what, deadline: progress.deadline, signal },
    io,
  );
  ensureHealthy(last, operation);
  if (last.share) progress.share = last.share;
  io.log.info(last.message);
  return last;
}

/** @throws DeployError with the code that the target gives a failed operation */
export function ensureHealthy(
  observation: Observation,
  { revision }: Operation,
): asserts observation is Exclude<Observation, { status: 'failed' }> {
  if (observation.status !== 'failed') return;
  const { as, message } = observation;
  const said = message.startsWith(`${revision}: `) ? message : `${revision}: ${message}`;
  throw new DeployError(as, `could not roll out ${said}`, { hint: HINTS[as] });
}

const READ_AND_FIX = 'fix the image or its configuration, and run again.';
const HINTS = {
  DEPLOY_FAILED: `Read the container's last log lines and the events under "Why", ${READ_AND_FIX}`,
  DEPLOY_REJECTED: `Read what the platform says, ${READ_AND_FIX}`,
  ROLLED_BACK_BY_PLATFORM: `Read under "Why" what the platform saw, ${READ_AND_FIX}`,
  SUPERSEDED: ONE_AT_A_TIME_HINT,
} as const;
