import { formatDuration } from '../model/duration.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import type { Step } from '../strategies/strategy.ts';
import { ensureSucceeded } from './ensure-succeeded.ts';
import type { Progress } from './progress.ts';
import type { Rollout } from './rollout.ts';
import { judgeBySmokeTests } from './smoke-test.ts';
import { waitFor } from './wait.ts';

const JUDGE_EVERY_MS = 15_000;
/** It is warm by now: what fails for longer than this fails for users too. */
const LONGEST_RETRY_MS = 10_000;

/**
 * Judges our revision until its time is up, and once more then: by what the platform says of it, and by the smoke tests
 * at its own address, where what still serves the other users can't hide its errors.
 * @throws DeployError SMOKE_TEST_FAILED, DEPLOY_FAILED, SUPERSEDED, …; TIMEOUT where the platform could not be asked
 */
export async function bake(
  { percent, durationMs }: Extract<Step, { kind: 'bake' }>,
  progress: Progress,
  rollout: Rollout,
): Promise<void> {
  const { workload, io } = rollout;
  const operation = progress.operation!;
  const until = io.clock.now() + durationMs;
  progress.deadline += durationMs;
  const judged = { ...rollout, smokeTests: rollout.smokeTests.map(onceAndSoon) };
  await waitFor(
    async () => {
      const observation = await workload.observe(operation);
      ensureSucceeded(observation, operation);
      await judgeBySmokeTests(progress, judged);
      const leftMs = until - io.clock.now();
      const isDone = leftMs <= 0 && observation.status === 'succeeded';
      return isDone ? { done: true, value: null } : { done: false, message: observation.message };
    },
    {
      what: `${formatDuration(durationMs)} at ${percent} % to pass`,
      deadline: progress.deadline,
      doneAt: until,
      signal: io.signal,
      pauseMs: () => Math.min(JUDGE_EVERY_MS, Math.max(1_000, until - io.clock.now())),
    },
    io,
  );
  const tests = rollout.smokeTests.length === 0 ? 'no smoke tests are configured' : 'its smoke tests passed each time';
  io.log.info(`${operation.revision} did well at ${percent} % for ${formatDuration(durationMs)}; ${tests}`);
}

function onceAndSoon(test: SmokeTest): SmokeTest {
  return { ...test, passes: 1, retryForMs: Math.min(test.retryForMs, LONGEST_RETRY_MS) };
}
