import { formatDuration } from '../model/duration.ts';
import type { Analysis } from '../model/outcome.ts';
import { formatShare } from '../model/traffic.ts';
import type { Step } from '../strategies/strategy.ts';
import type { Check, CheckResult } from './checks/check.ts';
import { openPlatformCheck } from './checks/platform-check.ts';
import { openSmokeTestCheck } from './checks/smoke-test-check.ts';
import { holdMarkerDuring } from './hold-marker.ts';
import type { Progress, Rollout } from './rollout.ts';
import { waitFor } from './wait.ts';

const CHECK_EVERY_MS = 15_000;
const SHORTEST_PAUSE_MS = 1_000;

/**
 * Analyzes our revision until its time is up, and once more then. Every check has to pass at the end.
 * @throws DeployError of the first check that fails; TIMEOUT where one has no data at the end
 */
export async function bake(
  { percent, share, durationMs }: Extract<Step, { kind: 'bake' }>,
  progress: Progress,
  rollout: Rollout,
): Promise<void> {
  const { io, record, signal } = rollout;
  const inForce = formatShare(percent, progress.share ?? share);
  const analysis: Analysis = {
    ...{ share: inForce, startedAt: io.clock.now() },
    ...{ passedRounds: 0, roundsWithoutData: 0, passed: null },
  };
  record.analyses.push(analysis);
  const until = io.clock.now() + durationMs;
  progress.deadline += durationMs;
  const checks = openChecks(progress, rollout);
  await waitFor(
    async () => {
      const results = await holdMarkerDuring(progress, rollout, () => runAll(checks, analysis));
      const missing = results.find(({ verdict }) => verdict === 'no-data');
      if (missing) analysis.roundsWithoutData += 1;
      else analysis.passedRounds += 1;
      const isDone = until <= io.clock.now() && !missing;
      return isDone ? { done: true, value: null } : { done: false, message: (missing ?? results[0]!).message };
    },
    {
      what: `${formatDuration(durationMs)} at ${inForce} to pass`,
      deadline: progress.deadline,
      doneAt: until,
      signal,
      pauseMs: () => pauseBefore(until - io.clock.now()),
    },
    io,
  );
  analysis.passed = true;
  const tests = rollout.smokeTests.length === 0 ? 'no smoke tests are configured' : 'its smoke tests passed each time';
  io.log.info(`${progress.operation!.revision} was healthy at ${inForce} for ${formatDuration(durationMs)}; ${tests}`);
}

/** A check that has no data when the time is up is asked until the deadline, no more often than before. */
function pauseBefore(leftMs: number): number {
  return leftMs > 0 ? Math.min(CHECK_EVERY_MS, Math.max(SHORTEST_PAUSE_MS, leftMs)) : CHECK_EVERY_MS;
}

function openChecks(progress: Progress, rollout: Rollout): readonly Check[] {
  const platform = openPlatformCheck(progress, rollout);
  return rollout.smokeTests.length === 0 ? [platform] : [platform, openSmokeTestCheck(progress, rollout)];
}

type Acceptable = Exclude<CheckResult, { verdict: 'fail' }>;

/** In turn: after one that fails the rest does not run. */
async function runAll(checks: readonly Check[], analysis: Analysis): Promise<readonly Acceptable[]> {
  const results: Acceptable[] = [];
  for (const check of checks) {
    const result = await check.run();
    if (result.verdict === 'fail') {
      // Another user's deployment says nothing about ours.
      if (result.error.code !== 'SUPERSEDED') analysis.passed = false;
      throw result.error;
    }
    results.push(result);
  }
  return results;
}
