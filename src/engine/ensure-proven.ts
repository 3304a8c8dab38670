import { DeployError } from '../model/errors.ts';
import { joinSentences } from '../model/sentences.ts';
import { isBelowBaseUrl } from '../model/smoke-test.ts';
import { holdMarker } from './hold-marker.ts';
import type { Progress, Rollout } from './rollout.ts';
import { type Poll, waitFor } from './wait.ts';
import { ensureHealthy, type Succeeded } from './wait-for-operation.ts';

/** How long a request, or a scale rule of the user's own, may take to start an instance. */
const PATIENCE_MS = 2 * 60_000;

/**
 * A revision of which nothing ran is not known to be good, whatever the platform says of its health: it is woken, or its
 * smoke tests show it.
 * @throws DeployError DEPLOY_FAILED where nothing shows it, unless the user says `inconclusive: proceed`
 */
export async function ensureProven({ unproven }: Succeeded, progress: Progress, rollout: Rollout): Promise<void> {
  // What the user wants empty is not waited for.
  if (unproven === undefined || (await rollout.workload.nothingRuns?.())) return;
  const { workload, smokeTests, inconclusive, io } = rollout;
  if (!workload.wake && smokeTests.some(isBelowBaseUrl)) return;
  const why = workload.wake ? await wakeAndWatch(unproven, progress, rollout) : unproven;
  if (why === null) return;
  const { revision } = progress.operation!;
  const message = `could not tell whether ${revision} works: ${why}`;
  if (inconclusive === 'proceed') return io.log.warning(joinSentences(message, GOING_ON));
  throw new DeployError('DEPLOY_FAILED', message, { hint: HINT });
}

const GOING_ON = 'Going on, as `inconclusive: proceed` says.';
const HINT =
  'Let at least one instance run (a minimum of 1), or give smoke tests that call it; `inconclusive: proceed` deploys without proof.';

/** null: something ran, and is healthy; else why nothing is known. @throws DeployError as `ensureHealthy`; TIMEOUT */
async function wakeAndWatch(unproven: string, progress: Progress, rollout: Rollout): Promise<string | null> {
  const { workload, io, signal } = rollout;
  const operation = progress.operation!;
  io.log.info(`${unproven}; waking it`);
  await workload.wake!(operation);
  const watch = workload.watch(operation);
  const until = io.clock.now() + PATIENCE_MS;
  const poll = async (): Promise<Poll<string | null>> => {
    await holdMarker(progress, rollout);
    const observation = await watch.poll();
    ensureHealthy(observation, operation);
    const { status, message } = observation;
    if (status === 'progressing') return { done: false, message };
    if (observation.unproven !== undefined && io.clock.now() < until) return { done: false, message };
    return { done: true, value: observation.unproven ?? null };
  };
  return await waitFor(poll, { what: `${operation.revision} to run`, deadline: progress.deadline, signal }, io);
}
