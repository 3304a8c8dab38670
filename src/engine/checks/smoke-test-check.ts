import type { Progress, Rollout } from '../rollout.ts';
import { findFailure, runSmokeTestsOn } from '../smoke-test.ts';
import { limitRetries } from '../smoke-tests/limit-retries.ts';
import type { Check } from './check.ts';

/** It is warm by now: what fails for longer than this fails for users too. */
const LONGEST_RETRY_MS = 10_000;

/** The smoke tests at our revision's own address, where the previous one, which serves most users, can't hide its errors. */
export function openSmokeTestCheck(progress: Progress, rollout: Rollout): Check {
  const { io } = rollout;
  const smokeTests = rollout.smokeTests.map((test) => limitRetries(test, LONGEST_RETRY_MS));
  const quiet = { ...rollout, smokeTests, io: { ...io, log: { ...io.log, info: io.log.debug } } };
  return {
    name: 'smoke tests',
    async run() {
      const results = await runSmokeTestsOn('preview', progress, quiet);
      rollout.record.smokeTests = results;
      const error = findFailure(results, progress, smokeTests);
      return error ? { verdict: 'fail', error } : { verdict: 'pass', message: 'its smoke tests passed' };
    },
  };
}
